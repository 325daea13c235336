/** The statuses of a tenant, in the order of its life. */
export const TENANT_STATUSES = ['active', 'suspended', 'offboarding', 'closed'] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];

/** What a tenant may do in a status. */
export interface TenantRights {
  /** Reads of its own rows. */
  readonly reads: boolean;
  /** New sagas that it starts itself. An admin starts for it with an override. */
  readonly starts: boolean;
  /** An admin or a description may assign projects and resources to it. What it owns stays its own. */
  readonly ownsNew: boolean;
}

export const TENANT_RIGHTS: Readonly<Record<TenantStatus, TenantRights>> = {
  active: { reads: true, starts: true, ownsNew: true },
  suspended: { reads: true, starts: false, ownsNew: true },
  offboarding: { reads: true, starts: false, ownsNew: false },
  closed: { reads: false, starts: false, ownsNew: false },
};

/** The statuses that an admin may set next. A closed tenant can only be opened again. */
export const TENANT_TRANSITIONS: Readonly<Record<TenantStatus, readonly TenantStatus[]>> = {
  active: ['suspended', 'offboarding', 'closed'],
  suspended: ['active', 'offboarding', 'closed'],
  offboarding: ['active', 'suspended', 'closed'],
  closed: ['active'],
};
