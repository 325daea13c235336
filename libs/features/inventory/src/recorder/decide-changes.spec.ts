import type { Observation } from '../kinds/kind';
import { contentHash, decideChanges, type KnownResource, type PageDecision } from './decide-changes';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));

const seen: Observation = {
  providerId: '1',
  name: 'web-01',
  region: 'syd1',
  status: 'active',
  sizeSlug: 's-1vcpu-1gb',
  attrs: { tags: ['web'], vcpus: 1, backup_ids: ['7'] },
  parents: [],
};

function known(over: Partial<KnownResource> = {}): KnownResource {
  return {
    id: 'row-1',
    provider_id: '1',
    name: seen.name,
    region: seen.region,
    status: seen.status,
    size_slug: seen.sizeSlug,
    attrs: seen.attrs,
    content_hash: contentHash(seen),
    owner_override: null,
    stale_strike_count: 0,
    recorded_at: at(0),
    deleted_at: null,
    ...over,
  };
}

function decide(before: KnownResource | undefined, now: Observation, over: Partial<PageDecision> = {}) {
  return decideChanges({
    known: new Map(before ? [[before.provider_id, before]] : []),
    page: [{ seen: now, hash: contentHash(now) }],
    requestedAt: at(30),
    sweepStartedAt: at(30),
    deletionLagMs: 10 * 60_000,
    volatileAttrs: ['backup_ids'],
    ...over,
  });
}

it('discovers an object that has no row yet [INV-1]', () => {
  expect(decide(undefined, seen)).toEqual([{ what: 'discovered', seen, hash: contentHash(seen) }]);
});

it('changes nothing for an unchanged object [INV-2]', () => {
  expect(decide(known(), seen)).toEqual([]);
});

it.each([
  { now: { ...seen, sizeSlug: 's-2vcpu-2gb' }, what: 'updated', changes: { size_slug: { old: 's-1vcpu-1gb', new: 's-2vcpu-2gb' } } },
  { now: { ...seen, name: null }, what: 'updated', changes: { name: { old: 'web-01', new: null } } },
  { now: { ...seen, attrs: { ...seen.attrs, vcpus: 2 } }, what: 'updated', changes: { vcpus: { old: 1, new: 2 } } },
  { now: { ...seen, attrs: { ...seen.attrs, tags: ['db'] } }, what: 'tagged', changes: { tags: { old: ['web'], new: ['db'] } } },
  {
    now: { ...seen, status: 'off', attrs: { ...seen.attrs, tags: [] } },
    what: 'updated',
    changes: { status: { old: 'active', new: 'off' }, tags: { old: ['web'], new: [] } },
  },
  { now: { ...seen, attrs: { ...seen.attrs, backup_ids: ['8'] } }, what: 'refreshed', changes: {} },
  { now: { ...seen, attrs: { ...seen.attrs, learned_since: true } }, what: 'refreshed', changes: {} },
  { now: { ...seen, parents: ['droplet/2'] }, what: 'refreshed', changes: {} },
])('records a change of $changes as $what [INV-2]', ({ now, what, changes }) => {
  expect(decide(known(), now)).toMatchObject([{ what, changes }]);
});

it('resets the strikes of a struck object that is listed again, without an event [INV-3]', () => {
  expect(decide(known({ stale_strike_count: 2 }), seen)).toMatchObject([{ what: 'refreshed', changes: {} }]);
});

it.each([
  { deletedAt: at(29), outcome: [] },
  { deletedAt: at(20), outcome: [] },
  { deletedAt: at(19), outcome: [{ what: 'restored', changes: { status: { old: 'deleted', new: 'active' } } }] },
])('restores a tombstone of minute $deletedAt only after the deletion lag [INV-8]', ({ deletedAt, outcome }) => {
  expect(decide(known({ status: 'deleted', deleted_at: deletedAt, recorded_at: deletedAt }), seen)).toMatchObject(outcome);
});

it('restores nothing in a sweep that began before the deletion lag was over, however late its page came [INV-8]', () => {
  const tombstone = known({ status: 'deleted', deleted_at: at(19), recorded_at: at(19) });
  expect(decide(tombstone, seen, { sweepStartedAt: at(28), requestedAt: at(45) })).toEqual([]);
});

it('ignores an observation that was requested before the last write of its row', () => {
  expect(decide(known({ recorded_at: at(30) }), { ...seen, status: 'off' })).toEqual([]);
  expect(decide(known({ recorded_at: at(31) }), { ...seen, status: 'off' })).toEqual([]);
});

it.each([
  { now: { ...seen, attrs: { ...seen.attrs, tags: ['WEB'] } }, what: 'the letter case of a tag' },
  { now: { ...seen, attrs: { ...seen.attrs, tags: ['web', 'web'] } }, what: 'a repeated entry of a set' },
  { now: { ...seen, attrs: { ...seen.attrs, vcpus: '1' } }, what: 'a number as text' },
])('writes no event for $what, by the equality that drift uses (A1) [TRU-2, INV-2, DRF-1]', ({ now }) => {
  expect(decide(known(), now)).toMatchObject([{ what: 'refreshed', changes: {} }]);
});

it.each([null, [], {}, ''])('takes the stored %j and an absent list as the same value (A1, A3) [TRU-3, INV-2]', (nothing) => {
  const stored = known({ attrs: { ...seen.attrs, rules: nothing } });
  expect(decide(stored, { ...seen, attrs: { ...seen.attrs, rules: [] } })).toMatchObject([{ what: 'refreshed', changes: {} }]);
});
