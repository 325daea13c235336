import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let stored: TestDatabase;
let owner: Client;
beforeAll(async () => {
  stored = await createTestDatabase();
  owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await stored.drop();
});

it('declares a stream for every table with digests, with the columns of its trigger [INV-14]', async () => {
  const { rows } = await owner.query<{ table: string; source: string }>(
    `select t.tgrelid::regclass::text as table, p.prosrc as source from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where p.prosrc like '%insert into record_digests%'`,
  );
  const triggers = rows.map(({ table, source }) => ({
    name: /select '(\w+)'/.exec(source)?.[1],
    table,
    columns: /record_send\(row\(([^)]*)\)\)/.exec(source)?.[1],
  }));
  const declared = APPEND_ONLY_STREAMS.map(({ name, table, columns }) => ({ name, table, columns }));
  const byName = (one: { name?: string | undefined }, other: { name?: string | undefined }) =>
    (one.name ?? '').localeCompare(other.name ?? '');
  expect(declared.sort(byName)).toEqual(triggers.sort(byName));
});
