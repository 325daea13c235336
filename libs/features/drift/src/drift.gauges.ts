import type { DatabaseGauge } from '#libs/database';
import { SEVERITIES } from './comparison/severity';
import { IGNORED } from './rules/ignored.sql';

/** How much of what was ordered is not so. */
export const DRIFT_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_drifts_open',
    help: 'Open drifts that no rule overlooks',
    labels: ['severity'],
    sql: `select s.severity, (select count(*) from cloud_drift d join cloud_resources r on r.id = d.resource_id
            where d.status = 'open' and d.severity = s.severity and not ${IGNORED}) as value from unnest($1::text[]) s(severity)`,
    values: () => [SEVERITIES],
  },
  {
    name: 'arcadia_drifts_ignored',
    help: 'Open drifts that a rule overlooks',
    labels: [],
    sql: `select count(*) as value from cloud_drift d join cloud_resources r on r.id = d.resource_id where d.status = 'open' and ${IGNORED}`,
  },
];
