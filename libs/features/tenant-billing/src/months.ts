/** A month as the API has it, `2026-10`, from its first day or itself. */
export const monthOf = (period: string): string => period.slice(0, 7);

/** The first day of a month, as tables have it. */
export const firstDay = (period: string): string => `${period.slice(0, 7)}-01`;

/** Whether a month has ended. */
export const hasEnded = (period: string, now: Date): boolean => monthOf(period) < now.toISOString().slice(0, 7);

/** The month that is `count` months later, by its first day; earlier for a count below zero. */
export function monthsLater(period: string, count: number): string {
  const [year = 0, month = 1] = firstDay(period).split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10);
}

/** The last day of a month. */
export function lastDay(period: string): string {
  const [year = 0, month = 1] = firstDay(period).split('-').map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

/** Seconds of a month, by its first day. */
export function secondsOf(period: string): number {
  const first = new Date(`${period}T00:00:00Z`);
  return (Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1) - first.getTime()) / 1000;
}
