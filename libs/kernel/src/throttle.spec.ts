import { throttle } from './timing';

afterEach(() => jest.useRealTimers());

it('passes on the first event of a burst and then at most one per spacing', () => {
  jest.useFakeTimers();
  const passed: number[] = [];
  const listener = throttle((event: number) => passed.push(event), 1_000);
  for (const event of [1, 2, 3]) listener(event);
  jest.advanceTimersByTime(999);
  listener(4);
  jest.advanceTimersByTime(1);
  listener(5);
  expect(passed).toEqual([1, 5]);
});
