import { withTimeout } from './timing';

afterEach(() => jest.useRealTimers());

const late = () => new Error('late');

it('returns the result or the error of work that ends in time, and leaves no timer behind', async () => {
  jest.useFakeTimers();
  await expect(withTimeout(Promise.resolve('result'), 100, late)).resolves.toBe('result');
  await expect(withTimeout(Promise.reject(new Error('failed')), 100, late)).rejects.toThrow('failed');
  expect(jest.getTimerCount()).toBe(0);
});

it('rejects after the timeout, and drops a failure that comes later', async () => {
  jest.useFakeTimers();
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<never>((_, reject) => (fail = reject));
  const outcome = withTimeout(work, 100, late).catch((error: unknown) => error);
  jest.advanceTimersByTime(100);
  await expect(outcome).resolves.toEqual(late());
  fail(new Error('failed later'));
});
