import type { EventCause } from '#libs/inventory';
import { Client } from 'pg';
import { causeOf, type ReportedAction } from '../../../libs/features/inventory/src/queries/change-causes';
import { CAUSE_CASES, OUR_SAGA, time, type CauseCase } from './cause-cases';
import { newWorld, type World } from '../../support/inventory-world';
import { anEvent, aResource, insert } from '../../support/factories';

let world: World;
let owner: Client;
beforeAll(async () => {
  world = await newWorld();
  owner = new Client({ connectionString: world.owner.ownerUrl });
  await owner.connect();
  await world.sweep('droplet');
});
afterAll(async () => {
  await owner.end();
  await world.close();
});

const changesOf = ({ event }: CauseCase) => Object.fromEntries(event.fields.map((field) => [field, { old: 'before', new: 'after' }]));

/** The expected cause in its short form. */
const short = (cause: EventCause | null | undefined): string | null =>
  cause ? (cause.action_id ?? (cause.saga_id === OUR_SAGA ? 'saga' : 'no saga')) : null;

async function insertEvent(
  resourceId: string,
  type: string,
  source: string,
  at: Date,
  changes: object,
  writer: string | null,
): Promise<void> {
  await anEvent(owner, resourceId, { type, source, at, changes, sweep_id: writer });
}

/** Writes a resource with the change and the actions of the case, in the order in which they became known. */
async function inDatabase(one: CauseCase, nr: number): Promise<string> {
  const id = await aResource(owner, { provider_id: `case-${nr}` });
  const { type, at, source = 'sweep', saga_id = null } = one.event;
  const change = { at: time(at), write: () => insertEvent(id, type, source, time(at), changesOf(one), saga_id) };
  const actionWrites = one.actions.map(({ action_id, action, started_at, reported_at }) => ({
    at: reported_at,
    write: async () => {
      for (const status of ['in-progress', 'completed'])
        await insertEvent(id, 'provider_action', 'action_feed', reported_at, { action_id, action, status, started_at }, null);
    },
  }));
  for (const { write } of [change, ...actionWrites].sort((a, b) => a.at.getTime() - b.at.getTime())) await write();
  return id;
}

/** Stores which actions sagas asked for. Cases share action ids, so each case replaces those of the case before. */
async function askedBySagas(actions: readonly ReportedAction[]): Promise<void> {
  await owner.query('delete from cloud_saga_actions');
  for (const { action_id, saga_id } of actions) if (saga_id) await insert(owner, 'cloud_saga_actions', { saga_id, action_id });
}

describe.each(CAUSE_CASES.map((one, nr) => ({ ...one, nr, one })))('$rule', ({ one, nr, right }) => {
  it('is decided from given actions (C1) [TRU-1]', () => {
    const { type, at, source = 'sweep', saga_id = null } = one.event;
    expect(short(causeOf({ type, source, saga_id, at: time(at), changes: changesOf(one) }, one.actions))).toBe(right);
    expect(short(causeOf({ type, source, saga_id, at: time(at), changes: changesOf(one) }, [...one.actions].reverse()))).toBe(right);
  });

  it('is decided from the database, for the event and for a drift of its fields (C1) [TRU-1]', async () => {
    const id = await inDatabase(one, nr);
    await askedBySagas(one.actions);
    const { data } = await world.inventory.events({ kind: 'platform' }, id, { limit: 50 });
    expect(short(data.find(({ type }) => type === one.event.type)?.cause)).toBe(right);
    expect(data.every(({ type, cause }) => type !== 'provider_action' || cause === null)).toBe(true);
    // a droplet's image has no events: a drift detection observes its change
    const seenLaterMs = one.event.fields.includes('image') ? 0 : 60_000;
    const until = new Date(time(one.event.at).getTime() + seenLaterMs);
    const causeQuery = { key: 'drift', resource_id: id, fields: one.event.fields, until };
    expect(short((await world.causes.find([causeQuery])).get('drift'))).toBe(right);
  });
});
