import { GroupCommit } from './shared-commits';

const PAUSE_MS = 5;

/** Notes the batches; `poison` is never taken. */
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

it('a lone write goes at once, those that come meanwhile go together', async () => {
  const { batches, commits } = writer();
  const written = await Promise.all([1, 2, 3, 4, 5].map((item) => commits.add(item)));
  expect(written).toEqual(['wrote 1', 'wrote 2', 'wrote 3', 'wrote 4', 'wrote 5']);
  expect(batches).toEqual([[1], [2], [3, 4, 5]]);
});

it('an error of one is its own', async () => {
  const { commits } = writer();
  const outcomes = await Promise.allSettled([1, 2, 3, -4].map((item) => commits.add(item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
});

it('one that is never taken does not keep its neighbours from being written', async () => {
  const { commits } = writer(4);
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => commits.add(item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});
