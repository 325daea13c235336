import type { SagaOutline, SagaStatus } from '#libs/saga';
import { CLOCK_SLACK_MS } from '../provider/tag-calls';
import { findOrphans } from './find-orphans';
import type { TaggedResource } from './tagged-resources';

const ACCEPTED_MS = Date.parse('2026-03-01T10:00:00Z');
const HOUR_MS = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString();

/** Where the saga of each kind records the id of what it created. */
const CONTEXTS = {
  droplet: (id: string) => ({ create_droplet: { droplet_id: id } }),
  snapshot: (id: string) => ({ await_snapshot: { snapshot_id: id } }),
  volume: (id: string) => ({ create_volume: { provider_id: id } }),
  firewall: (id: string) => ({ create_firewall: { provider_id: id } }),
} as const;
const KINDS = ['droplet', 'snapshot', 'volume', 'firewall'] as const;

const saga = (status: SagaStatus, over: Partial<SagaOutline> = {}): SagaOutline => ({
  id: 'saga',
  kind: 'provision_droplet',
  status,
  context: {},
  input: {},
  endedMsAgo: null,
  createdAtMs: ACCEPTED_MS,
  restored: false,
  ...over,
});

const resource = (over: Partial<TaggedResource> = {}): TaggedResource => ({
  kind: 'droplet',
  providerId: '1',
  sagaId: 'saga',
  createdAt: at(ACCEPTED_MS + 1_000),
  ...over,
});

/** What becomes of the resource: `kept`, `reported <reason>` or `destroyed <reason>`. */
function judged(given: TaggedResource, outline: SagaOutline | undefined, restoredAtMs: number | null = null): string {
  const [orphan] = findOrphans([given], new Map(outline ? [['saga', outline]] : []), restoredAtMs);
  return orphan ? `${orphan.destroy ? 'destroyed' : 'reported'} ${orphan.reason}` : 'kept';
}

describe.each(KINDS)('a %s', (kind) => {
  const recorded = { context: CONTEXTS[kind]('1') };

  it.each<[string, SagaStatus, Partial<SagaOutline>, string]>([
    ['the result of a completed saga', 'completed', recorded, 'kept'],
    ['the result of a saga that runs', 'running', recorded, 'kept'],
    ['a leftover of a saga that failed to compensate', 'compensation_failed', recorded, 'kept'],
    ['what a running saga may still adopt', 'running', {}, 'kept'],
    ['what a compensating saga may still find', 'compensating', {}, 'kept'],
    ['what a failed saga lists among its leftovers', 'failed', {}, 'kept'],
    ['another one than the result', 'completed', { context: CONTEXTS[kind]('2') }, 'destroyed duplicate'],
    ['another one than the result of a saga that runs', 'running', { context: CONTEXTS[kind]('2') }, 'destroyed duplicate'],
    ['what appeared after a rollback', 'rolled_back', {}, 'destroyed late'],
    ['what a rolled back saga had recorded', 'rolled_back', recorded, 'destroyed late'],
    [
      'another one than the result, for a saga that was open in a backup',
      'completed',
      { context: CONTEXTS[kind]('2'), restored: true },
      'reported restored',
    ],
    ['what appeared after a rollback in a backup', 'rolled_back', { restored: true }, 'reported restored'],
  ])('that is %s [SAG-6, SAG-9]', (_what, status, over, outcome) => {
    expect(judged(resource({ kind }), saga(status, over))).toBe(outcome);
  });

  it('of an unknown saga is reported [SAG-8]', () => {
    expect(judged(resource({ kind }), undefined)).toBe('reported unknown_saga');
  });

  it.each<[string, string | null, string]>([
    ['as old as its saga', at(ACCEPTED_MS), 'destroyed late'],
    ['as much older as clocks may differ', at(ACCEPTED_MS - CLOCK_SLACK_MS), 'destroyed late'],
    ['older than that by a second', at(ACCEPTED_MS - CLOCK_SLACK_MS - 1_000), 'reported older'],
    ['older by years', '2019-01-01T00:00:00Z', 'reported older'],
    ['without a time', null, 'reported older'],
    ['with an unreadable time', 'yesterday', 'reported older'],
  ])('that is %s (E3) [SAG-6]', (_what, createdAt, outcome) => {
    expect(judged(resource({ kind, createdAt }), saga('rolled_back'))).toBe(outcome);
  });

  it.each<[string, number, string]>([
    ['before the restore was noticed', -HOUR_MS, 'reported restored'],
    ['as it was noticed, by a clock that is ahead', CLOCK_SLACK_MS, 'reported restored'],
    ['after it', CLOCK_SLACK_MS + 1_000, 'destroyed late'],
  ])('that was created %s (E3) [OPS-8]', (_what, ms, outcome) => {
    const restoredAtMs = ACCEPTED_MS + 2 * HOUR_MS;
    expect(judged(resource({ kind, createdAt: at(restoredAtMs + ms) }), saga('rolled_back'), restoredAtMs)).toBe(outcome);
  });
});

it('judges a resource by the record of its own kind (E3) [SAG-7]', () => {
  const both = saga('completed', { context: { ...CONTEXTS.droplet('1'), ...CONTEXTS.snapshot('2') } });
  expect(judged(resource({ providerId: '1' }), both)).toBe('kept');
  expect(judged(resource({ kind: 'snapshot', providerId: '2' }), both)).toBe('kept');
  expect(judged(resource({ kind: 'snapshot', providerId: '1' }), both)).toBe('destroyed duplicate');
});
