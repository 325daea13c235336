import { severityOf } from './severity';

const of = (field: string, actual: unknown = 'x', monthly_price_delta: string | null = null) =>
  severityOf({ field, expected: 'y', actual, monthly_price_delta });

it.each([
  { what: 'a deleted resource', severity: of('missing', 'deleted', '-6.00'), is: 'critical' },
  { what: 'another image', severity: of('image'), is: 'high' },
  { what: 'another region', severity: of('region'), is: 'high' },
  { what: 'backups that were switched off', severity: of('backups', false), is: 'high' },
  { what: 'backups that were switched on', severity: of('backups', true), is: 'low' },
  { what: 'a size that costs more', severity: of('size_slug', 'c-2', '18.00'), is: 'high' },
  { what: 'a size that costs less', severity: of('size_slug', 'c-2', '-18.00'), is: 'medium' },
  { what: 'a size without a known price', severity: of('size_slug'), is: 'medium' },
  { what: 'a field without a rank of its own', severity: of('forwarding_rules'), is: 'medium' },
  { what: 'another name', severity: of('name'), is: 'low' },
  { what: 'other tags', severity: of('tags'), is: 'low' },
])('ranks $what as $is', ({ severity, is }) => {
  expect(severity).toBe(is);
});
