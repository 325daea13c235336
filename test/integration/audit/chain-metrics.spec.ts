import { CHAIN_METRICS } from '../../../libs/platform/audit/src/chain/chain.metrics';
import { ChainWorld } from '../../support/chain-world';

let world: ChainWorld;
beforeEach(async () => {
  world = await ChainWorld.open();
});
afterEach(() => world.close());

/** Returns the value that a scrape exports for a metric. */
async function valueOf(name: string): Promise<number> {
  const { sql } = CHAIN_METRICS.find((gauge) => gauge.name === name) ?? { sql: '' };
  const [row] = await world.database.query<{ value: unknown }>(sql);
  return Number(row?.value);
}
const waiting = () => valueOf('arcadia_record_waiting_digests');
const age = () => valueOf('arcadia_record_oldest_waiting_seconds');

it('counts digests that are not yet linked, with the age of the oldest, until they are linked [INV-14]', async () => {
  expect([await waiting(), await age()]).toEqual([0, 0]);
  await world.work(5);
  await world.undoneWork(5);
  expect(await waiting()).toBe(2); // One digest is for the events, the other for the audit log entry.
  await world.superuser.query(
    `update record_digests set last_at = last_at - interval '1 hour' where id = (select min(id) from record_digests)`,
  );
  expect(await age()).toBeGreaterThan(3_600);
  await world.superuser.query(
    `update record_digests set last_at = last_at + interval '1 hour' where id = (select min(id) from record_digests)`,
  );
  expect(await age()).toBeLessThan(60);
  await world.sealer.seal();
  expect([await waiting(), await age()]).toEqual([0, 0]);
});
