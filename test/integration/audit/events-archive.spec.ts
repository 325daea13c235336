import { ChainSealer, verifyChain, type ChainHead, type Finding } from '#libs/audit';
import { dataSourceOn, withSession } from '#libs/database';
import { APPEND_ONLY_STREAMS, archiveEvents } from '#libs/inventory';
import { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { eventsArchive } from '../../../apps/cli/src/commands/events-archive';
import { EarlierRecords1795000001031 } from '../../../libs/platform/database/src/migrations/1031-earlier-records.migration';
import { ChainLink } from '../../../libs/platform/audit/src/entities/chain-link.entity';
import { Agency, ACME, droplets } from '../../support/agency';
import type { World } from '../../support/inventory-world';

const platform = { kind: 'platform' } as const;
const STEP_DAYS = 61;
const KEEP_DAYS = 400;

/** The inventory at a time that lies some steps in the past. */
interface Moment {
  readonly step: number;
  readonly at: Date;
  readonly living: unknown;
  readonly dead: unknown;
}

let world: World;
let superuser: Client;
let moments: Moment[];
let exported: ChainHead;
let steps: number;

beforeEach(async () => {
  const agency = await Agency.open(droplets(ACME, 100, 101), { STRIKES_TO_DELETE: '1', VANISH_MIN: '20', DELETION_LAG_MS: '0' });
  world = agency.world;
  superuser = new Client({ connectionString: world.owner.ownerUrl });
  await superuser.connect();
  moments = [];
  steps = 0;
  const original = await world.simulator.droplets();
  await timePasses();
  await sweepOf(original.map((droplet) => ({ ...droplet, name: `${droplet.name}-renamed` })));
  await sweepOf(original.filter(({ id }) => id !== 101)); // This droplet is deleted, and returns five steps later.
  for (let n = 0; n < 4; n += 1)
    await sweepOf(original.filter(({ id }) => id !== 101).map((one) => ({ ...one, name: `${one.name}-${n}` })));
  await sweepOf(original);
  await sweepOf(original.map((droplet) => ({ ...droplet, name: `${droplet.name}-now` })));
  await superuser.query('truncate record_digests, record_waiting, record_chain'); // The stored times were moved, so the chain begins here.
  await new EarlierRecords1795000001031().up({ query: (sql: string) => superuser.query(sql) } as unknown as QueryRunner);
  const links = dataSourceOn(world.database.platformPool, { database: 'any', entities: [ChainLink] });
  await links.initialize();
  const sealer = new ChainSealer(world.database, links.getRepository(ChainLink));
  await sealer.seal();
  exported = await sealer.head();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await superuser.end();
  await world.close();
});

const known = async (filters: object, at?: string) => {
  const { data } = await world.inventory.list(platform, { kind: 'droplet', ...filters }, { limit: 200 }, at);
  return data.map(({ provider_id, name, status, deleted_at }) => ({ provider_id, name, status, dead: deleted_at !== null }));
};

async function sweepOf(listed: Parameters<World['simulator']['setDroplets']>[0]): Promise<void> {
  await world.simulator.setDroplets(listed);
  await world.sweep('droplet');
  await timePasses();
}

/** Notes the current inventory and moves all recorded times into the past. */
async function timePasses(): Promise<void> {
  const living = await known({});
  const dead = await known({ status: 'deleted' });
  const { rows } = await superuser.query<{ at: Date }>(`select clock_timestamp() + interval '1 millisecond' as at`);
  moments.push({ step: steps, at: rows[0]?.at ?? new Date(0), living, dead });
  steps += 1;
  const moved: Record<string, string[]> = {
    cloud_resource_events: ['at'],
    cloud_resources: ['first_seen_at', 'last_seen_at', 'recorded_at', 'changed_at', 'deleted_at'],
    cloud_sweeps: ['started_at', 'finished_at', 'claimed_at'],
  };
  for (const [table, columns] of Object.entries(moved)) {
    await superuser.query(`update ${table} set ${columns.map((one) => `${one} = ${one} - interval '${STEP_DAYS} days'`).join(', ')}`);
  }
}

const timeOf = ({ step, at }: Moment) => new Date(at.getTime() - (steps - step) * STEP_DAYS * 86_400_000).toISOString();

const archive = () => withSession(world.owner.ownerUrl, 'owner', (session) => archiveEvents(session, KEEP_DAYS));

async function verify(against?: ChainHead): Promise<{ findings: Finding[]; archivedBefore: Date | null }> {
  const findings: Finding[] = [];
  const { archivedBefore } = await withSession(world.owner.appUrl, 'service', (session) =>
    verifyChain(session, { streams: APPEND_ONLY_STREAMS, exported: against, keepDays: KEEP_DAYS }, (finding) => findings.push(finding)),
  );
  return { findings, archivedBefore };
}

const eventsLeft = async () =>
  (await superuser.query<{ n: number }>('select count(*)::int as n from cloud_resource_events')).rows[0]?.n ?? 0;

it('archives events by whole months, returns 410 for times before the boundary and serves times after it unchanged [INV-14]', async () => {
  const before = await eventsLeft();
  const left = await archive();
  expect(left.length).toBeGreaterThan(3);
  const { archivedBefore } = await verify(exported);
  const boundary = archivedBefore ?? new Date(0);
  expect(boundary.toISOString()).toMatch(/-01T00:00:00\.000Z$/);
  expect(Date.now() - boundary.getTime()).toBeGreaterThan(KEEP_DAYS * 86_400_000);
  expect(Date.now() - boundary.getTime()).toBeLessThan((KEEP_DAYS + 62) * 86_400_000);
  expect(await eventsLeft()).toBeLessThan(before);
  expect((await superuser.query('select from cloud_resource_events where at < $1', [boundary])).rowCount).toBe(0);

  const archivedMoments = moments.filter((moment) => timeOf(moment) < boundary.toISOString());
  const reachable = moments.filter((moment) => !archivedMoments.includes(moment));
  expect(archivedMoments.length).toBeGreaterThan(1);
  expect(reachable.length).toBeGreaterThan(4);
  for (const moment of archivedMoments)
    await expect(known({}, timeOf(moment))).rejects.toMatchObject({ code: 'events_archived', category: 'gone' });
  for (const moment of reachable) {
    expect({ step: moment.step, living: await known({}, timeOf(moment)) }).toEqual({ step: moment.step, living: moment.living });
    expect({ step: moment.step, dead: await known({ status: 'deleted' }, timeOf(moment)) }).toEqual({
      step: moment.step,
      dead: moment.dead,
    });
  }
  expect(await known({}, boundary.toISOString())).toHaveLength(9); // The boundary is the first moment that is still known. One of the ten droplets was deleted at that time.
});

it('keeps the last values of an archived month, and the chain verifies from its first link to the head exported before [INV-14]', async () => {
  await archive();
  expect((await verify(exported)).findings).toEqual([]);
  const { rows } = await superuser.query<{ status: string; name: string; dead: boolean }>(
    `select last_values ->> 'status' as status, last_values ->> 'name' as name, last_values ->> 'deleted_at' is not null as dead
       from cloud_event_last_values where last_values ->> 'provider_id' = '101' order by month`,
  );
  expect(rows.map(({ status, dead }) => ({ status, dead }))).toEqual([
    { status: 'active', dead: false },
    { status: 'active', dead: false },
    { status: 'deleted', dead: true },
  ]);
  for (const tamper of [
    `update cloud_event_last_values set last_values = last_values || '{"tenant_id":"eve"}' where seq = 3`,
    'delete from cloud_event_last_values where seq = 1',
    `update cloud_event_months set events = 0 where events > 0`,
    `delete from cloud_resource_events where seq = (select max(seq) from cloud_resource_events)`,
  ]) {
    await superuser.query(`create table kept_values as table cloud_event_last_values; create table kept_months as table cloud_event_months;
      create table kept_events as table cloud_resource_events`);
    await superuser.query(tamper);
    expect({ tamper, found: (await verify(exported)).findings.length > 0 }).toEqual({ tamper, found: true });
    await superuser.query(`set session_replication_role = replica;
      delete from cloud_event_last_values; insert into cloud_event_last_values overriding system value table kept_values;
      delete from cloud_event_months; insert into cloud_event_months overriding system value table kept_months;
      delete from cloud_resource_events; insert into cloud_resource_events overriding system value table kept_events;
      set session_replication_role = origin; drop table kept_values, kept_months, kept_events`);
  }
  expect((await verify(exported)).findings).toEqual([]);
});

it('keeps months that are younger than the limit, and finds a false record of their archiving [INV-14]', async () => {
  expect(await withSession(world.owner.ownerUrl, 'owner', (session) => archiveEvents(session, 5_000))).toEqual([]);
  await superuser.query(`insert into cloud_event_months (month, before, events, resources)
    values (date_trunc('month', now() - interval '100 days', 'UTC')::date, date_trunc('month', now() - interval '100 days', 'UTC') + interval '1 month', 9, 9)`);
  expect((await verify(exported)).findings).toContainEqual({ what: 'left_too_early', table: 'cloud_event_months', id: '1' });
});

it('keeps the chain valid when it is killed between two batches, and the next run deletes the rest [INV-14]', async () => {
  let calls = 0;
  const killed = withSession(world.owner.ownerUrl, 'owner', (session) =>
    archiveEvents(
      {
        ...session,
        query: (text, values) => {
          if (text.includes('delete from cloud_resource_events') && (calls += 1) > 0) throw new Error('killed');
          return session.query(text, values);
        },
      },
      KEEP_DAYS,
    ),
  );
  await expect(killed).rejects.toThrow('killed');
  const rows = await eventsLeft();
  await superuser.query('delete from cloud_resource_events where seq = 2'); // A batch that ended early leaves some rows of a digest.
  expect((await verify(exported)).findings).toEqual([]);
  await archive();
  expect(await eventsLeft()).toBeLessThan(rows - 5);
  expect((await verify(exported)).findings).toEqual([]);
});

it('archives nothing from a record that fails verification, and needs the table owner [INV-14]', async () => {
  const said: string[] = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(said.push(String(text))));
  process.env.DATABASE_URL = world.owner.appUrl;
  try {
    await expect((async () => eventsArchive([]))()).rejects.toMatchObject({ code: 'launch_configuration_invalid' });
    process.env.DATABASE_OWNER_URL = world.owner.ownerUrl;
    const rows = await eventsLeft();
    await superuser.query(`update cloud_resource_events set changes = '{}' where seq = 1`);
    expect(await eventsArchive([])).toBe(1);
    expect(await eventsLeft()).toBe(rows);
    await superuser.query('delete from record_digests; delete from record_chain');
    await new EarlierRecords1795000001031().up({ query: (sql: string) => superuser.query(sql) } as unknown as QueryRunner);
    expect(await eventsArchive([])).toBe(0);
    expect(said.join('')).toMatch(/events archived, last values of 10 resources kept/);
  } finally {
    delete process.env.DATABASE_URL;
    delete process.env.DATABASE_OWNER_URL;
  }
});
