import { NO_HEAD, type ChainHead } from '#libs/audit';
import { ADVISORY_LOCKS } from '#libs/database';
import type { QueryRunner } from 'typeorm';
import { EarlierRecords1795000001031 } from '../../../libs/platform/database/src/migrations/1031-earlier-records.migration';
import { SeededRandom } from '../../support/seeded-random';
import { ChainWorld } from '../../support/chain-world';
import { randomTamper } from './tampers';

const TAMPERS = Number(process.env.TAMPERS ?? 100);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

let world: ChainWorld;
beforeEach(async () => {
  world = await ChainWorld.open();
});
afterEach(() => world.close());

const sealedHead = async (): Promise<ChainHead> => {
  await world.sealer.seal();
  return world.sealer.head();
};

it('finds nothing wrong in an untouched record after rollbacks and concurrent writes [INV-14]', async () => {
  await Promise.all([world.work(300), world.undoneWork(50), world.work(1), world.work(20), world.undoneWork(3), world.work(7)]);
  const before = await world.verify();
  expect(before).toMatchObject({ findings: [], waiting: 8, rows: 332, head: NO_HEAD });
  const head = await sealedHead();
  const numbers = await world.database.query<{ used: number }>('select max(seq)::int as used from cloud_resource_events');
  expect(numbers[0]?.used).toBeGreaterThan(328); // The rolled back transactions used up some numbers.
  expect(await world.verify(head)).toMatchObject({ findings: [], waiting: 0, head: { no: '8' } });
});

it('writes the digests of a transaction within that transaction, by trigger [INV-14]', async () => {
  await world.work(5);
  await world.undoneWork(5);
  const digests = await world.database.query<{ stream: string; row_count: number; same: boolean }>(
    `select d.stream, d.row_count, count(*) over (partition by d.xid) = 2 as same from record_digests d order by d.id`,
  );
  expect(digests).toEqual([
    { stream: 'events', row_count: 5, same: true },
    { stream: 'audit', row_count: 1, same: true },
  ]);
});

it('records the same digest of a text for every client encoding [INV-14]', async () => {
  await world.superuser.query(`set client_encoding = 'LATIN1'`);
  await world.superuser.query(
    `insert into audit_log (actor, actor_role, action, target_type, target_id, details) values (U&'Zo\\00EB', 'r', 'a', 't', '1', '{"name":"\\u00fc"}')`,
  );
  expect((await world.verify()).findings).toEqual([]);
});

it('covers records that are older than the chain when the chain begins [INV-14]', async () => {
  await world.superuser.query('alter table cloud_resource_events disable trigger digest; alter table audit_log disable trigger digest');
  for (let n = 0; n < 4; n += 1) await (n === 2 ? world.undoneWork(100) : world.work(700));
  await world.superuser.query('alter table cloud_resource_events enable trigger digest; alter table audit_log enable trigger digest');
  await world.work(3); // The other release continues to write.
  expect((await world.verify()).findings).toHaveLength(2103);
  const runner = { query: (sql: string) => world.superuser.query(sql) } as unknown as QueryRunner;
  await new EarlierRecords1795000001031().up(runner);
  await world.sealer.seal();
  expect(await world.verify()).toMatchObject({ findings: [], waiting: 0, rows: 2107 });
});

it('lets no transaction wait for another open transaction that has written, nor for the sealer [INV-14]', async () => {
  await world.superuser.query('begin');
  await world.superuser.query(
    `insert into cloud_resource_events (resource_id, type, source) values (gen_random_uuid(), 'updated', 'sweep')`,
  );
  await world.superuser.query(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.sealing})`); // This acts as a sealer that never ends.
  await world.work(3); // These transactions must commit while the sealing lock is taken.
  expect(await world.sealer.seal()).toBe(0);
  await world.superuser.query('commit');
  expect(await world.sealer.seal()).toBe(3);
  expect((await world.verify()).findings).toEqual([]);
});

it('links each digest once when several sealers run at the same time [INV-14]', async () => {
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 10 }, (_, n) => world.work(n + 1)));
    await Promise.all(Array.from({ length: 6 }, () => world.sealer.seal()));
  }
  await world.sealer.seal();
  expect(await world.verify()).toMatchObject({ findings: [], waiting: 0, head: { no: '100' } });
});

it('verifies the chain while transactions are being committed [INV-14]', async () => {
  const end = new AbortController();
  const work = (async () => {
    for (let n = 0; !end.signal.aborted; n += 1) await (n % 3 === 2 ? world.undoneWork(4) : world.work(10));
  })();
  const sealing = (async () => {
    while (!end.signal.aborted) await world.sealer.seal();
  })();
  let rows = 0;
  for (let round = 0; round < 8; round += 1) {
    const verified = await world.verify(await world.sealer.head());
    expect(verified.findings).toEqual([]);
    expect(verified.rows).toBeGreaterThanOrEqual(rows);
    rows = verified.rows;
  }
  end.abort();
  await Promise.all([work, sealing]);
  expect(rows).toBeGreaterThan(0);
});

it.each([
  { sql: `update cloud_resource_events set changes = '{}' where seq = 4`, what: 'row_edited', table: 'cloud_resource_events', id: '4' },
  { sql: 'delete from cloud_resource_events where seq = 7', what: 'row_missing', table: 'cloud_resource_events', id: '7' },
  { sql: `update audit_log set actor = 'eve' where seq = 2`, what: 'row_edited', table: 'audit_log', id: '2' },
  { sql: 'delete from record_digests where id = 3', what: 'digest_missing', table: 'record_digests', id: '3' },
  { sql: 'delete from record_chain where no = 2', what: 'link_missing', table: 'record_chain', id: '2' },
  { sql: 'delete from record_chain where no = 6', what: 'head_missing', table: 'record_chain', id: '6' },
  { sql: `update record_chain set hash = sha256(hash) where no = 6`, what: 'link_edited', table: 'record_chain', id: '6' },
])('reports the kind and the place of a fault: $what [INV-14]', async ({ sql, ...finding }) => {
  for (let n = 0; n < 3; n += 1) await world.work(5);
  const exported = await sealedHead();
  const { findings } = await world.verifyAfter([sql], exported);
  expect(findings).toContainEqual(expect.objectContaining(finding));
});

it('finds a tail that was cut without a trace only with the exported head [INV-14]', async () => {
  for (let n = 0; n < 4; n += 1) await world.work(5);
  const exported = await sealedHead();
  const cut = [
    'delete from record_chain where no > 6',
    'delete from record_digests where id > 6',
    'delete from audit_log where seq > 3',
    'delete from cloud_resource_events where seq > 15',
  ];
  expect((await world.verifyAfter(cut, NO_HEAD)).findings).toEqual([]);
  expect((await world.verifyAfter(cut, exported)).findings).toEqual([{ what: 'head_missing', table: 'record_chain', id: '8' }]);
});

it(`finds all of ${TAMPERS} random tampers (FUZZ_SEED=${SEED}) [INV-14]`, async () => {
  for (let n = 0; n < 30; n += 1) await (n % 5 === 4 ? world.undoneWork(3) : world.work(1 + (n % 7)));
  const exported = await sealedHead();
  expect((await world.verify(exported)).findings).toEqual([]);
  for (const [table, number] of Object.entries({ cloud_resource_events: 'seq', audit_log: 'seq', record_digests: 'id' })) {
    await world.superuser.query(`
      create sequence freely_${table} start 5000;
      alter table ${table} alter ${number} drop identity;
      alter table ${table} alter ${number} set default nextval('freely_${table}')`);
  }
  const random = new SeededRandom(SEED);
  const missed: string[] = [];
  const kinds = new Set<string>();
  for (let n = 0; n < TAMPERS; n += 1) {
    const { name, statements } = randomTamper(random);
    const { changed, findings } = await world.verifyAfter(statements, exported);
    expect({ name, touched: changed > 0 }).toEqual({ name, touched: true });
    kinds.add(name);
    if (findings.length === 0) missed.push(name);
  }
  expect(missed).toEqual([]);
  expect(kinds.size).toBeGreaterThan(15);
  expect((await world.verify(exported)).findings).toEqual([]);
});
