import { cached } from './timing';

it('reads once for concurrent callers, and again when the value is no longer fresh', async () => {
  let reads = 0;
  const read = cached(async () => (reads += 1), { freshMs: 60_000, limitMs: 1_000 });
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
  expect(await read()).toBe(1);
  const readAgain = cached(async () => (reads += 1), { freshMs: 0, limitMs: 1_000 });
  expect([await readAgain(), await readAgain()]).toEqual([2, 3]);
});

it('rejects after the limit, starts no second read, and keeps the late value', async () => {
  let reads = 0;
  let answer: (value: string) => void = () => undefined;
  const read = cached(
    () => {
      reads += 1;
      return new Promise<string>((resolve) => (answer = resolve));
    },
    { freshMs: 60_000, limitMs: 5 },
  );
  await expect(read()).rejects.toThrow('no answer within 5 ms');
  await expect(read()).rejects.toThrow('no answer within 5 ms');
  answer('late');
  expect(await read()).toBe('late');
  expect(reads).toBe(1);
});

it('reads again after a failure', async () => {
  let reads = 0;
  const read = cached(
    async () => {
      reads += 1;
      if (reads === 1) throw new Error('away');
      return 'back';
    },
    { freshMs: 60_000, limitMs: 1_000 },
  );
  await expect(read()).rejects.toThrow('away');
  expect(await read()).toBe('back');
});

it('returns an older value at once while it reads the next one, and waits for it when that is too old', async () => {
  let reads = 0;
  const waiting: (() => void)[] = [];
  const read = () => new Promise<number>((resolve) => waiting.push(() => resolve((reads += 1))));
  const readOften = cached(read, { freshMs: 0, staleMs: 60_000, limitMs: 1_000 });
  const first = readOften();
  waiting[0]?.();
  expect([await first, await readOften(), await readOften()]).toEqual([1, 1, 1]);
  expect(waiting).toHaveLength(2);
  waiting[1]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await readOften()).toBe(2);
  const readAlways = cached(read, { freshMs: 0, limitMs: 1_000 });
  const last = readAlways();
  waiting.at(-1)?.();
  expect(await last).toBe(3);
});
