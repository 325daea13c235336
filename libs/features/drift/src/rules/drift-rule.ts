/** What a rule overlooks: every drift to which all that it names applies. At least one is named. */
export interface RuleMatch {
  readonly tenant_id?: string | null;
  readonly kind?: string | null;
  readonly resource_id?: string | null;
  readonly field?: string | null;
}

/** A rule to be made. */
export interface RuleOrder extends RuleMatch {
  readonly reason: string;
  /** RFC 3339; without it the rule lasts until somebody removes it. */
  readonly expires_at?: string | null;
}

/** A rule as the API shows it. */
export interface RuleView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string | null;
  readonly resource_id: string | null;
  readonly field: string | null;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  /** Its time is over: it overlooks nothing any more. */
  readonly expired: boolean;
}

export interface RuleRow extends Omit<RuleView, 'created_at' | 'expires_at'> {
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

/** The columns of a `RuleRow`. */
export const RULE_COLUMNS = `id, tenant_id, kind, resource_id, field, reason, created_by, created_at, expires_at,
  coalesce(expires_at <= clock_timestamp(), false) as expired`;

export function ruleView({ created_at, expires_at, ...rule }: RuleRow): RuleView {
  return { ...rule, created_at: created_at.toISOString(), expires_at: expires_at?.toISOString() ?? null };
}
