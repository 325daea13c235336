/** How urgent a drift is, least urgent first. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The field name of the drift of a managed resource that has been deleted. */
export const MISSING = 'missing';

/** The part of a drift that its severity depends on. */
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
  power: 'high',
  status: 'high',
  size_slug: 'medium',
  tags: 'low',
  name: 'low',
};

/**
 * Ranks a drift by what is at stake: a deleted resource first, then other contents, another region or missing backups, then money and
 * capacity, and names and labels last. A size that costs more than the desired one ranks higher than one that costs less.
 */
export function severityOf({ field, actual, monthly_price_delta: delta }: Deviation): Severity {
  if (field === 'backups') return actual === true ? 'low' : 'high';
  if (field === 'size_slug' && delta !== null && !delta.startsWith('-') && Number(delta) > 0) return 'high';
  return BY_FIELD[field] ?? 'medium';
}
