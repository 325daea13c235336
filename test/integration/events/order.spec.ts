import { ChainSealer } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import { EVENTS_CHANNEL, EventSequencer, EventSources } from '#libs/events';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { Repository } from 'typeorm';
import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { EventSequencerState } from '../../../libs/platform/events/src/entities/event-number.entity';
import { aResource, countOf } from '../../support/factories';
import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { anEventOf, EventsWorld } from './events-world';

const LONG = process.env.TEST_LONG === '1';
const WRITERS = 8;
const TRANSACTIONS_OF_EACH = LONG ? 1_000 : 30;
const KILLS = LONG ? 40 : 3;

let world: EventsWorld;
beforeAll(async () => {
  world = await EventsWorld.open();
});
afterAll(() => world.close());

/** Every number, with the id that its event names. */
async function numbers(): Promise<{ sequence: number; id: string }[]> {
  const events = await world.read();
  return events.map(({ sequence, subject }) => ({ sequence, id: subject.id }));
}

describe('with writers that commit in another order than they write, and killed sequencers', () => {
  const random = new SeededRandom(Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000));
  /** The ids of committed events, and the ids that were committed before each of them was written. */
  const committed = new Map<string, ReadonlySet<string>>();
  const rolledBack = new Set<string>();
  let kills = 0;
  let freezes = 0;

  async function writeOne(writer: number, nth: number): Promise<void> {
    const id = `${writer}-${nth}`;
    const before = new Set(committed.keys());
    const isResource = random.chance(0.4);
    const resourceId = randomUUID();
    try {
      await world.database.transaction(async (tx) => {
        if (isResource) await addResourceEvent(tx, resourceId);
        else await world.append(tx, anEventOf('acme', id));
        await new Promise((resolve) => setTimeout(resolve, random.below(random.chance(0.1) ? 300 : 20))); // the load: a commit that comes late
        if (random.chance(0.15)) throw new Error('rolled back on purpose');
      });
      committed.set(isResource ? resourceId : id, before);
    } catch {
      rolledBack.add(isResource ? resourceId : id);
    }
  }

  const addResourceEvent = (tx: Queryable, resourceId: string) =>
    tx.query(`insert into cloud_resource_events (resource_id, tenant_id, type, source) values ($1, 'acme', 'updated', 'sweep')`, [
      resourceId,
    ]);

  /** Kills or freezes one of two numbering processes again and again, at any point of their work. */
  async function disturb(children: ChildProcess[], writing: () => boolean): Promise<void> {
    while (writing() || kills < KILLS) {
      const at = random.below(children.length);
      const child = children[at];
      if (!child) return;
      if (random.chance(0.3)) {
        child.kill('SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, random.below(400))); // the fault: a frozen process
        child.kill('SIGCONT');
        freezes += 1;
      } else {
        await new Promise((resolve) => setTimeout(resolve, random.below(150))); // the fault comes at any moment
        await world.kill(child);
        await world.owner.query(`update event_sequencer set lease_until = clock_timestamp() where lease_until is not null`);
        children[at] = await world.startNumbering();
        kills += 1;
      }
    }
  }

  it('gives each committed event one number, without a gap, and after every event that was committed before it was written [EVT-1]', async () => {
    const children = [await world.startNumbering(), await world.startNumbering()];
    let writing = true;
    const disturbed = disturb(children, () => writing);
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let nth = 0; nth < TRANSACTIONS_OF_EACH; nth += 1) await writeOne(writer, nth);
      }),
    );
    writing = false;
    await disturbed;
    await until(async () => (await countOf(world.owner, 'event_numbers')) >= committed.size, {
      what: `numbers of ${committed.size} events`,
    });
    for (const child of children) await world.kill(child);

    const found = await numbers();
    expect({ kills: kills >= KILLS, freezes: freezes > 0 || !LONG, undone: rolledBack.size > 0 }).toEqual({
      kills: true,
      freezes: true,
      undone: true,
    });
    expect(found.map(({ id }) => id).sort()).toEqual([...committed.keys()].sort());
    expect(found.map(({ sequence }) => sequence)).toEqual(found.map((_, at) => at + 1));
    const placeOf = new Map(found.map(({ id, sequence }) => [id, sequence]));
    const tooEarly = [...committed].flatMap(([id, before]) =>
      [...before]
        .filter((earlier) => (placeOf.get(earlier) ?? Infinity) > (placeOf.get(id) ?? 0))
        .map((earlier) => `${id} before ${earlier}`),
    );
    expect(tooEarly).toEqual([]);
  }, 600_000);
});

it('numbers an older transaction that commits after a younger one, which does not wait for it [EVT-1]', async () => {
  const [older, younger]: string[] = [randomUUID(), randomUUID()];
  let commitOlder = () => {};
  const released = new Promise<void>((resolve) => (commitOlder = resolve));
  let written = false;
  const slow = world.database.transaction(async (tx) => {
    await world.append(tx, anEventOf('acme', older ?? ''));
    written = true;
    await released;
  });
  await until(() => written);
  await world.database.transaction((tx) => world.append(tx, anEventOf('acme', younger ?? '')));
  await world.number();
  const after = async () => (await numbers()).map(({ id }) => id).filter((id) => id === older || id === younger);
  expect(await after()).toEqual([younger]);
  commitOlder();
  await slow;
  await world.number();
  expect(await after()).toEqual([younger, older]);
});

it('lets a sequencer that was frozen beyond its lease write nothing [EVT-1]', async () => {
  await world.number();
  let thaw = () => {};
  const thawed = new Promise<void>((resolve) => (thaw = resolve));
  let frozen = false;
  const service = world.database;
  /** The process is suspended between its claim and its first batch: the statement that begins with the fence is sent late. */
  const suspended = Object.create(service, {
    query: {
      value: async (text: string, values?: readonly unknown[]) => {
        if (text.includes('insert into event_numbers')) {
          frozen = true;
          await thawed;
        }
        return service.query(text, values);
      },
    },
  }) as Database;
  const states = world.service<Repository<EventSequencerState>>(getRepositoryToken(EventSequencerState) as never);
  const zombie = new EventSequencer(suspended, states, world.service(EventSources));
  const ids: string[] = [randomUUID(), randomUUID()];
  await world.append(service, anEventOf('acme', ids[0] ?? ''));
  await world.service(ChainSealer).seal();
  const late = zombie.number();
  await until(() => frozen);
  expect(await world.number()).toBe(0); // the zombie still has the lease
  await world.owner.query(`update event_sequencer set lease_until = clock_timestamp() - interval '1 second'`);
  await world.append(service, anEventOf('acme', ids[1] ?? ''));
  expect(await world.number()).toBe(2);
  const before = await numbers();
  await world.append(service, anEventOf('acme', randomUUID()));
  await world.service(ChainSealer).seal();
  thaw();
  expect(await late).toBe(0);
  expect(await numbers()).toEqual(before);
  expect(await world.number()).toBe(1);
});

it('leaves the rows of a stream that it does not know, and all after them, to a newer release [EVT-1]', async () => {
  await world.number();
  const known = world.service(EventSources);
  const older = Object.create(known, { streams: { get: () => known.streams.filter((stream) => stream !== 'events') } }) as EventSources;
  const states = world.service<Repository<EventSequencerState>>(getRepositoryToken(EventSequencerState) as never);
  const ofOlderRelease = new EventSequencer(world.database, states, older);
  const resource = await aResource(world.owner, { account_id: world.account, tenant_id: 'acme' });
  const ids: string[] = [randomUUID(), randomUUID()];
  await world.append(world.database, anEventOf('acme', ids[0] ?? ''));
  await world.database.query(
    `insert into cloud_resource_events (resource_id, tenant_id, type, source) values ($1, 'acme', 'updated', 'sweep')`,
    [resource],
  );
  await world.append(world.database, anEventOf('acme', ids[1] ?? ''));
  await world.service(ChainSealer).seal();
  expect(await ofOlderRelease.number()).toBe(1);
  expect(await ofOlderRelease.number()).toBe(0);
  expect(await world.number()).toBe(2);
  expect((await numbers()).slice(-3).map(({ id }) => id)).toEqual([ids[0], resource, ids[1]]);
});

it('knows every append-only table, so that no link of the chain stops the numbers [EVT-1]', () => {
  expect(world.service(EventSources).streams.sort()).toEqual(APPEND_ONLY_STREAMS.map(({ name }) => name).sort());
});

it('notifies listeners of the last number once it is committed, and appends nothing without its change [EVT-1]', async () => {
  const listener = new Client({ connectionString: world.ownerUrl });
  await listener.connect();
  const heard: (string | undefined)[] = [];
  listener.on('notification', ({ payload }) => heard.push(payload));
  await listener.query(`listen ${EVENTS_CHANNEL}`);
  const failing = world.database.transaction(async (tx) => {
    await world.append(tx, anEventOf('acme', 'never'));
    throw new Error('the change fails');
  });
  await expect(failing).rejects.toThrow('the change fails');
  await world.append(world.database, anEventOf('acme', 'told'));
  expect(heard).toEqual([]); // a business commit does not notify
  await world.number();
  const last = (await numbers()).at(-1);
  await until(() => heard.length > 0);
  await listener.end();
  expect(last?.id).toBe('told');
  expect(heard).toEqual([String(last?.sequence)]);
  expect((await numbers()).map(({ id }) => id)).not.toContain('never');
});
