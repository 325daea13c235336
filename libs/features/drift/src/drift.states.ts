/** A drift is open until one of the three ends: accepted by an operator, reverted by a saga, or stale because the field matches again. */
export const DRIFT_STATUSES = ['open', 'accepted', 'reverted', 'stale'] as const;
export type DriftStatus = (typeof DRIFT_STATUSES)[number];

/** The statuses that may follow each status. A closed drift never opens again: the next difference is a new drift. */
export const DRIFT_TRANSITIONS: Readonly<Record<DriftStatus, readonly DriftStatus[]>> = {
  open: ['accepted', 'reverted', 'stale'],
  accepted: [],
  reverted: [],
  stale: [],
};

/** The statuses that may become `next`: the condition of every update that sets it. */
export function statusesBefore(next: DriftStatus): DriftStatus[] {
  return DRIFT_STATUSES.filter((status) => DRIFT_TRANSITIONS[status].includes(next));
}
