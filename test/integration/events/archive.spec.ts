import { verifyChain, type Finding } from '#libs/audit';
import { withSession } from '#libs/database';
import { APPEND_ONLY_STREAMS, archiveEvents } from '#libs/inventory';
import { aResource, anEvent } from '../../support/factories';
import { EventsWorld } from './events-world';

const KEEP_DAYS = 400;
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

let world: EventsWorld;
beforeAll(async () => {
  world = await EventsWorld.open();
});
afterAll(() => world.close());

async function anEventOfEach(at: Date, id: string): Promise<void> {
  const resource = await aResource(world.owner, { account_id: world.account, tenant_id: 'acme', first_seen_at: at });
  await anEvent(world.owner, resource, { tenant_id: 'acme', at });
  await world.owner.query(
    `insert into events (at, type, tenant_id, source, subject_type, subject_id) values ($1, 'tenant.changed', 'acme', 'api', 'tenant', $2)`,
    [at, id],
  );
}

it('archives the feed with the history of resources: what is left keeps its numbers, and what lies before is 410 [EVT-1, INV-14]', async () => {
  await anEventOfEach(daysAgo(600), 'old');
  await anEventOfEach(daysAgo(500), 'old');
  await anEventOfEach(daysAgo(10), 'young');
  expect(await world.number()).toBe(6);
  const whole = await world.read();
  expect(await world.read(undefined, { after: 2 })).toHaveLength(4);

  const archived = await withSession(world.ownerUrl, 'owner', (session) => archiveEvents(session, KEEP_DAYS));
  expect(archived.length).toBeGreaterThan(3);
  expect(await world.read()).toEqual(whole.slice(4));
  expect(await world.read(undefined, { after: 4 })).toEqual(whole.slice(4));
  expect(await world.read(undefined, { since: daysAgo(30).toISOString() })).toEqual(whole.slice(4));
  await expect(world.read(undefined, { after: 2 })).rejects.toMatchObject({ code: 'events_archived', category: 'gone' });
  await expect(world.read(undefined, { since: daysAgo(550).toISOString() })).rejects.toMatchObject({ code: 'events_archived' });

  for (const table of ['events', 'event_numbers', 'cloud_resource_events']) {
    const { rowCount } = await world.owner.query(`select from ${table} where at < $1`, [daysAgo(450)]);
    expect({ table, rowCount }).toEqual({ table, rowCount: 0 });
  }
  const findings: Finding[] = [];
  await withSession(world.appUrl, 'service', (session) =>
    verifyChain(session, { streams: APPEND_ONLY_STREAMS, keepDays: KEEP_DAYS }, (finding) => findings.push(finding)),
  );
  expect(findings).toEqual([]);
  await anEventOfEach(new Date(), 'new');
  expect(await world.number()).toBe(2);
  expect((await world.read()).map(({ sequence }) => sequence)).toEqual([5, 6, 7, 8]);
});
