import { PendingQueue } from './world';
import { SeededRandom } from './random';
import { SortedIds } from './collections';

describe('order in the world', () => {
  const random = new SeededRandom(11);
  const shuffled = Array.from({ length: 500 }, (_, n) => ({ n, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ n }) => n);

  it('keeps ids ascending whatever the order of additions and removals, each id once', () => {
    const ids = new SortedIds();
    for (const id of [...shuffled, ...shuffled]) ids.addId(id);
    for (const id of shuffled.slice(0, 250)) ids.removeId(id);
    const left = shuffled.slice(250).sort((one, other) => one - other);
    expect(ids.slice(0, ids.length)).toEqual(left);
    expect(ids.newestFirst(0, 3)).toEqual(left.slice(-3).reverse());
    expect(ids.newestFirst(left.length - 1, left.length + 5)).toEqual(left.slice(0, 1));
    expect(ids.newestFirst(left.length, left.length + 5)).toEqual([]);
  });

  it('executes pending events by due time, those of one moment by age, and none before its time', () => {
    const queue = new PendingQueue();
    for (const n of shuffled) queue.addEvent({ id: n, due_at_ms: Math.floor(n / 10), type: 't', ref: n });
    const taken: number[] = [];
    for (let event = queue.takeDue(24); event !== undefined; event = queue.takeDue(24)) taken.push(event.id);
    expect(taken).toEqual(Array.from({ length: 250 }, (_, n) => n));
    expect(queue.takeDue(24.9)).toBeUndefined();
    expect(queue.takeDue(25)?.id).toBe(250);
  });

  it('continues a stored generator at its position', () => {
    const first = new SeededRandom(3);
    first.uuid();
    const second = new SeededRandom(first.position);
    expect(second.uuid()).toBe(first.uuid());
    expect(first.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
