import { QueryCache } from './fast-list.controller';

it('validates a repeated query once, and returns objects that cannot be changed', async () => {
  const cache = new QueryCache<{ read: number }>();
  let reads = 0;
  const find = async (query: object) => cache.find(query, async () => ({ read: ++reads }));
  const first = await find({ limit: '5' });
  expect(await find({ limit: '5' })).toBe(first);
  expect(Object.isFrozen(first)).toBe(true);
  await find({ limit: ['5'] });
  await find({});
  expect(reads).toBe(3);
});

it('keeps no invalid query, no long one, and never more than a few hundred', async () => {
  const cache = new QueryCache<{ read: number }>();
  let reads = 0;
  const refuse = async () => {
    reads++;
    throw new Error('refused');
  };
  for (let times = 0; times < 2; times++) await expect(cache.find({}, refuse)).rejects.toThrow('refused');
  expect(reads).toBe(2);
  const find = async (q: string) => cache.find({ q }, async () => ({ read: ++reads }));
  expect(await find('x'.repeat(600))).not.toBe(await find('x'.repeat(600)));
  const first = await find('0');
  for (let n = 1; n < 300; n++) await find(`${n}`);
  expect(await find('0')).not.toBe(first);
});
