import { cached } from './remembered';

it('asks once for all who want it at the same time, and again when the answer is old', async () => {
  let asked = 0;
  const read = cached(async () => (asked += 1), { freshMs: 60_000, limitMs: 1_000 });
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
  expect(await read()).toBe(1);
  const readAnew = cached(async () => (asked += 1), { freshMs: 0, limitMs: 1_000 });
  expect([await readAnew(), await readAnew()]).toEqual([2, 3]);
});

it('does not wait for who does not answer, asks it only once, and keeps its late answer', async () => {
  let asked = 0;
  let answer: (value: string) => void = () => undefined;
  const read = cached(
    () => {
      asked += 1;
      return new Promise<string>((resolve) => (answer = resolve));
    },
    { freshMs: 60_000, limitMs: 5 },
  );
  await expect(read()).rejects.toThrow('no answer within 5 ms');
  await expect(read()).rejects.toThrow('no answer within 5 ms');
  answer('late');
  expect(await read()).toBe('late');
  expect(asked).toBe(1);
});

it('asks again after a failure', async () => {
  let asked = 0;
  const read = cached(
    async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return 'back';
    },
    { freshMs: 60_000, limitMs: 1_000 },
  );
  await expect(read()).rejects.toThrow('away');
  expect(await read()).toBe('back');
});
