/** How soon somebody should look at a drift, least urgent first. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The field of the drift of a resource that was ordered and is gone. */
export const MISSING = 'missing';

/** What a drift says of its seriousness. */
export interface Deviation {
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  /** Decimal text; null where no price is known. */
  readonly monthly_price_delta: string | null;
}

const BY_FIELD: Readonly<Record<string, Severity>> = {
  [MISSING]: 'critical',
  image: 'high',
  region: 'high',
  status: 'high',
  size_slug: 'medium',
  tags: 'low',
  name: 'low',
};

/**
 * By what is at stake: what is gone first, then other contents, another place or no safety net, then money and capacity; names and labels last.
 * A size that costs more than what was ordered is worse than one that costs less.
 */
export function severityOf({ field, actual, monthly_price_delta: delta }: Deviation): Severity {
  if (field === 'backups') return actual === true ? 'low' : 'high';
  if (field === 'size_slug' && delta !== null && !delta.startsWith('-') && Number(delta) > 0) return 'high';
  return BY_FIELD[field] ?? 'medium';
}
