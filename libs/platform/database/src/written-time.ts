/**
 * Converts a time as our connections write it (`2026-07-01 12:00:00.123456+00`, set to UTC and ISO) to RFC 3339 with milliseconds, as Date
 * does: `2026-07-01T12:00:00.123Z`.
 */
export function rfc3339(written: string): string {
  const millis = written.slice(20, -3).slice(0, 3).padEnd(3, '0');
  return `${written.slice(0, 10)}T${written.slice(11, 19)}.${millis}Z`;
}
