import { canonicalJson } from '#libs/kernel';
import type { WrittenObject } from '#libs/saga';
import { productOf } from '../products/product-runner';
import { PROJECT_FIELD } from '../provider/project-calls';

export type Values = Readonly<Record<string, unknown>>;

/** A write that took effect after its saga had ended, and the values that it changed. */
export interface LateWrite {
  readonly write: WrittenObject;
  /** The values that the object has now, by field. */
  readonly live: Values;
  /** The values that it should have. */
  readonly expected: Values;
}

/** A late write with all writes of its object. */
export interface JudgedWrite extends LateWrite {
  readonly writes: readonly WrittenObject[];
  /** Ids of the records of the same name and type, where the record of the write is missing. */
  readonly siblings: readonly string[];
}

/** Fields that an object has only while they are true: a tag, and a droplet under a firewall. */
export const SET_FIELD = /^(tag|droplet):/;

/**
 * Finds the late writes of one object. Pure. A field was changed late when it has the value of an unanswered write and should have another
 * one: the value of the newest saga that ended well and set it, or the value from before the sagas that were rolled back. While that is
 * unknown, because a saga failed or the database was restored, the field is not judged. [SAG-9]
 */
export function findLateWrites(writes: readonly WrittenObject[], live: Values): LateWrite[] {
  const found = new Map<string, { write: WrittenObject; live: Record<string, unknown>; expected: Record<string, unknown> }>();
  for (const field of new Set(writes.flatMap(({ sets }) => Object.keys(sets)))) {
    const late = writes.findLast(({ answered, handled, sets }) => !answered && !handled && field in sets && same(sets[field], live[field]));
    const expected = late && expectedValue(writes, field);
    if (!late || expected === undefined || expected === null || same(expected, live[field])) continue;
    const known = found.get(late.id) ?? { write: late, live: {}, expected: {} };
    known.live[field] = live[field];
    known.expected[field] = expected;
    found.set(late.id, known);
  }
  return [...found.values()];
}

/** The value that a field should have; undefined when it is unknown. Pure. */
function expectedValue(writes: readonly WrittenObject[], field: string): unknown {
  const sagas = [...new Set(writes.map(({ sagaId }) => sagaId).reverse())];
  for (const sagaId of sagas) {
    const own = writes.filter((write) => write.sagaId === sagaId && field in write.sets);
    const [first] = own;
    if (!first) continue;
    if (first.restored || (first.status !== 'completed' && first.status !== 'rolled_back')) return undefined;
    if (first.status === 'completed') return own.findLast(({ compensating }) => !compensating)?.sets[field];
    const restored = own.findLast(({ compensating }) => compensating)?.sets[field] ?? first.before[field];
    // A saga that began after a late write has found the late value, and restores that.
    const earlier = writes.slice(0, writes.indexOf(first));
    const foundLate = earlier.some((write) => write.sagaId !== sagaId && !write.answered && same(write.sets[field], restored));
    if (!foundLate) return restored;
  }
  return undefined;
}

export const same = (one: unknown, other: unknown): boolean => canonicalJson(one ?? null) === canonicalJson(other ?? null);

/**
 * Whether the late write can be undone without losing anything. Pure. Powering a machine off, switching backups off, a resize, for which
 * the machine must be off, a move to another owner, and whether a volume is attached are left to people. A deleted record is created again only where no other record
 * has taken its place.
 */
export function isUndoable({ write, live, expected, siblings }: JudgedWrite): boolean {
  if (productOf(write.target)?.kind === 'volume') return Object.keys(expected).every((field) => SET_FIELD.test(field));
  if ('exists' in expected) {
    const { others } = write.before;
    return expected.exists === true && Array.isArray(others) && siblings.every((id) => others.includes(id));
  }
  return Object.entries(expected).every(([field, value]) => {
    if (field === 'power') return value === 'on';
    if (field === 'backups') return value === true;
    return field !== 'size_slug' && field !== PROJECT_FIELD && live[field] !== undefined;
  });
}

/** The values that a deleted record should have: those before its delete, and those that a newer saga has set. Pure. */
export function recordOf({ before }: WrittenObject, writes: readonly WrittenObject[]): Values {
  const { others: _others, exists: _exists, ...values } = before;
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, expectedValue(writes, field) ?? value]));
}
