import { SWEEP_GAUGES } from '../../../libs/features/inventory/src/sync/sweep.metrics';
import { aDatabase } from '../../support/a-database';
import { createTestDatabase } from '../../support/database';
import { testConfig } from '../../support/settings';

it('exports the intended sweep interval of a large account, so that no alarm fires for a list that is read less often on purpose [OPS-1]', async () => {
  const stored = await createTestDatabase();
  const database = aDatabase(stored.appUrl);
  const gauge = SWEEP_GAUGES.find(({ name }) => name === 'arcadia_sweep_cadence_seconds');
  const config = testConfig();
  const cadence = async (kind: string) => {
    const rows = await database.query<{ kind: string; value: unknown }>(gauge?.sql ?? '', gauge?.values?.(config));
    return Number(rows.find((row) => row.kind === kind)?.value);
  };
  try {
    expect(await cadence('droplet')).toBe(60);
    await database.query(
      `insert into cloud_sweeps (kind, trigger, status, calls, started_at, finished_at, lease_until)
       values ('droplet', 'schedule', 'complete', 501, now(), now(), now()), ('volume', 'schedule', 'complete', 2, now(), now(), now())`,
    );
    expect(await cadence('droplet')).toBeCloseTo((501 * 3_600) / (5_000 / 4), 3); // 24 minutes
    expect(await cadence('volume')).toBe(900);
  } finally {
    await database.close();
    await stored.drop();
  }
});
