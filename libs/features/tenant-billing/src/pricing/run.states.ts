/** Where a run is. The row is the truth: a job only wakes a worker. */
export const RUN_STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** After the death of its worker a run is claimed again while it is `running`. */
export const RUN_TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: ['running'],
  running: ['running', 'completed', 'failed'],
  completed: [],
  failed: [],
};

/** The statuses that may become `next`: the condition of every update that sets it. */
export const runStatusesBefore = (next: RunStatus): RunStatus[] => RUN_STATUSES.filter((status) => RUN_TRANSITIONS[status].includes(next));

/** What has been written so far. */
export interface RunProgress {
  readonly tenants?: number;
  readonly lines?: number;
}

/** Something that a person has to check. A critical one stops the invoice of its tenant. */
export interface RunProblem {
  readonly code:
    | 'no_rate'
    | 'pool_without_tenants'
    | 'tax_on_tax'
    | 'profile_incomplete'
    | 'issuer_incomplete'
    | 'unreconciled_invoice'
    | 'no_provider_invoice';
  readonly severity: 'critical' | 'warning';
  /** What it is about, such as `tenants/acme` or `pools/support`. */
  readonly path: string;
  readonly detail: string;
}

/** The sums of a run, as decimal text. */
export interface RunTotals {
  readonly payable: string;
  readonly reconciliation_difference: string;
  readonly sell: string;
  readonly tenants: number;
  readonly lines: number;
}

/** The rated lines of a tenant. `sell` is decimal text: what the tenant pays, before tax. */
export interface TenantSum {
  readonly tenant_id: string;
  readonly lines: number;
  readonly sell: string;
}

export interface RunFailure {
  readonly code: string;
  readonly detail: string;
}
