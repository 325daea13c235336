import { unprocessable } from '../http/provider-refusal';
import type { BackupPolicy } from '../world/records';

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Reads `backup_policy`; without one the provider chooses a weekly window. */
export function parseBackupPolicy(input: unknown): BackupPolicy {
  if (input === undefined || input === null) return { plan: 'weekly', weekday: 'SUN', hour: 4 };
  const { plan, weekday = 'SUN', hour = 4 } = input as Record<string, unknown>;
  if (typeof hour !== 'number' || hour % 4 !== 0 || hour < 0 || hour > 20) throw unprocessable('Invalid backup hour');
  if (plan === 'daily') return { plan, hour };
  const day = WEEKDAYS.find((known) => known === weekday);
  if (plan !== 'weekly' || day === undefined) throw unprocessable('Invalid backup plan');
  return { plan, weekday: day, hour };
}
