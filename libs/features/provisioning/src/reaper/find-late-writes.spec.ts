import type { WrittenObject } from '#libs/saga';
import { findLateWrites, isUndoable, recordOf, type JudgedWrite, type Values } from './find-late-writes';

let nr = 0;
/** A write of one droplet. Without an answer and of a saga that was rolled back, unless given otherwise. */
function write(over: Partial<WrittenObject>): WrittenObject {
  nr += 1;
  return {
    id: `write-${nr}`,
    sagaId: 'first',
    target: 'droplet:1',
    object: '1',
    sets: { power: 'off' },
    before: { power: 'on' },
    compensating: false,
    answered: false,
    handled: false,
    status: 'rolled_back',
    tenantId: 'acme',
    restored: false,
    ...over,
  };
}

const sets = (power: string, before: string, over: Partial<WrittenObject> = {}): WrittenObject =>
  write({ sets: { power }, before: { power: before }, ...over });

/** The expected value of each field that was changed late. */
const late = (writes: readonly WrittenObject[], live: Values) => findLateWrites(writes, live).map(({ expected }) => expected);

describe('a write without an answer (E2) [SAG-9]', () => {
  it('is late when the object has its value, and its saga was rolled back', () => {
    expect(late([sets('off', 'on')], { power: 'off' })).toEqual([{ power: 'on' }]);
  });

  it.each<[string, WrittenObject, Values]>([
    ['has not taken effect', sets('off', 'on'), { power: 'on' }],
    ['was overwritten by a stranger', sets('off', 'on'), { power: 'archive' }],
    ['was answered', sets('off', 'on', { answered: true }), { power: 'off' }],
    ['was handled', sets('off', 'on', { handled: true }), { power: 'off' }],
    ['belongs to a saga that completed', sets('off', 'on', { status: 'completed' }), { power: 'off' }],
    ['belongs to a saga that failed', sets('off', 'on', { status: 'failed' }), { power: 'off' }],
    ['belongs to a saga that could not compensate', sets('off', 'on', { status: 'compensation_failed' }), { power: 'off' }],
    ['belongs to a saga that still runs', sets('off', 'on', { status: 'running' }), { power: 'off' }],
    ['belongs to a saga that was open in a backup', sets('off', 'on', { restored: true }), { power: 'off' }],
    ['changed nothing', sets('off', 'off'), { power: 'off' }],
    ['has no value from before', write({ sets: { power: 'off' }, before: {} }), { power: 'off' }],
    ['has nothing as its value from before', write({ sets: { power: 'off' }, before: { power: null } }), { power: 'off' }],
  ])('that %s is not', (_what, one, live) => {
    expect(late([one], live)).toEqual([]);
  });

  it('is expected to leave what the compensation of its saga wrote', () => {
    const compensated = [sets('off', 'on'), sets('standby', 'off', { compensating: true, answered: true })];
    expect(late(compensated, { power: 'off' })).toEqual([{ power: 'standby' }]);
  });

  it('of a compensation is late when a newer saga has completed since', () => {
    const writes = [
      sets('off', 'on', { compensating: true }),
      sets('standby', 'on', { sagaId: 'second', status: 'completed', answered: true }),
    ];
    expect(late(writes, { power: 'off' })).toEqual([{ power: 'standby' }]);
  });

  it('is expected to leave the last value that a newer, completed saga wrote forward', () => {
    const second = { sagaId: 'second', status: 'completed', answered: true } as const;
    const writes = [sets('off', 'on'), sets('a', 'on', second), sets('b', 'a', second), sets('c', 'b', { ...second, compensating: true })];
    expect(late(writes, { power: 'off' })).toEqual([{ power: 'b' }]);
  });

  it('is no fault where a newer saga has ordered the same value', () => {
    const writes = [sets('off', 'on'), sets('off', 'on', { sagaId: 'second', status: 'completed', answered: true })];
    expect(late(writes, { power: 'off' })).toEqual([]);
  });

  it('does not count by what a newer saga wrote to another field', () => {
    const renamed = write({ sagaId: 'second', status: 'completed', answered: true, sets: { name: 'b' }, before: { name: 'a' } });
    expect(late([sets('off', 'on'), renamed], { power: 'off', name: 'b' })).toEqual([{ power: 'on' }]);
  });

  it('is expected to leave what was there before it, when a newer saga found the late value and was rolled back', () => {
    const writes = [sets('off', 'on'), sets('standby', 'off', { sagaId: 'second', answered: true })];
    expect(late(writes, { power: 'off' })).toEqual([{ power: 'on' }]);
  });

  it('is no fault where a newer saga restored the value that an answered write had set', () => {
    const writes = [
      sets('off', 'on', { status: 'completed', answered: true }),
      sets('standby', 'off', { sagaId: 'second', answered: false }),
    ];
    expect(late(writes, { power: 'standby' })).toEqual([{ power: 'off' }]);
    expect(late(writes, { power: 'off' })).toEqual([]);
  });

  it('is expected to leave what a stranger set, though an answered write of an older saga had set it too', () => {
    const older = { sagaId: 'older', answered: true } as const;
    const writes = [sets('off', 'on', older), sets('on', 'off', { ...older, compensating: true }), sets('standby', 'off')];
    expect(late(writes, { power: 'standby' })).toEqual([{ power: 'off' }]);
  });

  it('names all its fields at once, and each other write for itself', () => {
    const dns = write({ sets: { data: '203.0.113.2', ttl: 60 }, before: { data: '203.0.113.1', ttl: 300 } });
    const name = write({ sagaId: 'second', sets: { name: 'b' }, before: { name: 'a' } });
    expect(findLateWrites([dns, name], { data: '203.0.113.2', ttl: 60, name: 'b' })).toEqual([
      { write: dns, live: { data: '203.0.113.2', ttl: 60 }, expected: { data: '203.0.113.1', ttl: 300 } },
      { write: name, live: { name: 'b' }, expected: { name: 'a' } },
    ]);
    expect(late([dns], { data: '203.0.113.2', ttl: 300 })).toEqual([{ data: '203.0.113.1' }]);
  });

  it('is the newest one with the live value', () => {
    const [older, newer] = [sets('off', 'on'), sets('off', 'on')];
    expect(findLateWrites([older, newer], { power: 'off' }).map(({ write: { id } }) => id)).toEqual([newer.id]);
  });

  it('that unset a member of a set is late when the member is missing', () => {
    const untagged = write({ sets: { 'tag:web': false }, before: { 'tag:web': true } });
    expect(late([untagged], { 'tag:web': false })).toEqual([{ 'tag:web': true }]);
    expect(late([untagged], { 'tag:web': true })).toEqual([]);
  });
});

describe('whether a late write can be undone', () => {
  const judged = (over: Partial<JudgedWrite>): JudgedWrite => ({
    write: write({}),
    writes: [],
    siblings: [],
    live: { power: 'off' },
    expected: { power: 'on' },
    ...over,
  });
  const volume = write({ target: 'volume:00000000-0000-4000-8000-000000000001' });
  const removed = (others: unknown) => write({ sets: { exists: false }, before: { exists: true, others } });

  it.each<[string, Partial<JudgedWrite>, boolean]>([
    ['that switched a machine off', {}, true],
    ['that switched a machine on', { live: { power: 'on' }, expected: { power: 'off' } }, false],
    ['that switched backups off', { live: { backups: false }, expected: { backups: true } }, true],
    ['that switched backups on', { live: { backups: true }, expected: { backups: false } }, false],
    ['that renamed', { live: { name: 'b' }, expected: { name: 'a' } }, true],
    ['that renamed and switched on', { live: { name: 'b', power: 'on' }, expected: { name: 'a', power: 'off' } }, false],
    ['that resized', { live: { size_slug: 'b' }, expected: { size_slug: 'a' } }, false],
    ['that moved to another project', { live: { project: 'b' }, expected: { project: 'a' } }, false],
    ['of a field that is not read any more', { live: {}, expected: { name: 'a' } }, false],
    ['that changed the tags of a volume', { write: volume, live: { 'tag:a': true }, expected: { 'tag:a': false } }, true],
    ['that attached a volume', { write: volume, live: { droplet_id: '1' }, expected: { droplet_id: '' } }, false],
    [
      'that attached and tagged a volume',
      { write: volume, live: { droplet_id: '1', 'tag:a': true }, expected: { droplet_id: '', 'tag:a': false } },
      false,
    ],
    ['that deleted a record', { write: removed(['7']), siblings: ['7'], live: { exists: false }, expected: { exists: true } }, true],
    [
      'that deleted a record whose place another one took',
      { write: removed(['7']), siblings: ['7', '8'], live: { exists: false }, expected: { exists: true } },
      false,
    ],
    [
      'that deleted a record beside unknown ones',
      { write: removed(undefined), live: { exists: false }, expected: { exists: true } },
      false,
    ],
    ['that created a record', { write: removed([]), live: { exists: true }, expected: { exists: false } }, false],
  ])('%s', (_what, over, undoable) => {
    expect(isUndoable(judged(over))).toBe(undoable);
  });

  it('of a deleted record is undone with the values from before, and with those that a newer saga has set', () => {
    const deleted = write({ sets: { exists: false }, before: { exists: true, others: ['7'], data: '203.0.113.1', ttl: 300 } });
    expect(recordOf(deleted, [deleted])).toEqual({ data: '203.0.113.1', ttl: 300 });
    const newer = write({ sagaId: 'second', status: 'completed', answered: true, sets: { ttl: 60 }, before: { ttl: 300 } });
    expect(recordOf(deleted, [deleted, newer])).toEqual({ data: '203.0.113.1', ttl: 60 });
  });
});
