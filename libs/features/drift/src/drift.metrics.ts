import type { DatabaseGauge } from '#libs/database';
import { IGNORED } from './detection.sql';
import { SEVERITIES } from './severity';

/** Open drifts, counted when the metrics are read. */
export const DRIFT_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_drifts_open',
    help: 'Open drifts that no ignore rule matches',
    labels: ['severity'],
    sql: `select s.severity, (select count(*) from cloud_drift d join cloud_resources r on r.id = d.resource_id
            where d.status = 'open' and d.severity = s.severity and not ${IGNORED}) as value from unnest($1::text[]) s(severity)`,
    values: () => [SEVERITIES],
  },
  {
    name: 'arcadia_drifts_ignored',
    help: 'Open drifts that an ignore rule matches',
    labels: [],
    sql: `select count(*) as value from cloud_drift d join cloud_resources r on r.id = d.resource_id where d.status = 'open' and ${IGNORED}`,
  },
];
