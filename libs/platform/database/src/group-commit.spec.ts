import { GroupCommit } from './group-commit';

const PAUSE_MS = 5;

/** Collects the batches. A batch that contains `poison` is never written. */
function writer(poison?: number) {
  const batches: number[][] = [];
  const commits = new GroupCommit<number, string>(async (batch) => {
    batches.push([...batch]);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (poison !== undefined && batch.includes(poison)) throw new Error(`not ${poison}`);
    return batch.map((item) => (item < 0 ? new Error('its own') : `wrote ${item}`));
  });
  return { batches, commits };
}

it('sends a single write at once, and writes that arrive meanwhile together', async () => {
  const { batches, commits } = writer();
  const written = await Promise.all([1, 2, 3, 4, 5].map((item) => commits.write(item)));
  expect(written).toEqual(['wrote 1', 'wrote 2', 'wrote 3', 'wrote 4', 'wrote 5']);
  expect(batches).toEqual([[1], [2], [3, 4, 5]]);
});

it('rejects only the item that an error belongs to', async () => {
  const { commits } = writer();
  const outcomes = await Promise.allSettled([1, 2, 3, -4].map((item) => commits.write(item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
});

it('writes the rest of a batch when the database never accepts one of its items', async () => {
  const { commits } = writer(4);
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => commits.write(item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});
