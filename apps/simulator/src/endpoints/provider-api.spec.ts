import operations from '../http/documented-operations.json';
import { ENDPOINT_GROUPS } from './endpoints';
import { RateWindow } from './provider-api';

/** A route or operation without the names of its parameters. */
const shapeOf = (method: string, path: string) => `${method} ${path.replaceAll(/\{[^}]+\}|:[a-z_]+/g, '*')}`;

it('plays the documented operations that it played before, and more, and counts them', () => {
  const routes = ENDPOINT_GROUPS.flatMap((group) => group.routes.map(({ method, path }) => shapeOf(method, path)));
  const documented = Object.keys(operations).map((operation) => operation.split(' ') as [string, string]);
  const played = documented.filter(([method, path]) => routes.includes(shapeOf(method, path)));
  console.log(`The simulator plays ${played.length} of ${documented.length} documented operations.`);
  expect(played.length).toBeGreaterThanOrEqual(LEAST_PLAYED);
});

/** The number of operations only grows. */
const LEAST_PLAYED = 367;

const limits = { per_minute: 3, per_hour: 5 };

describe('the rate windows of a token', () => {
  it('refuses a request above the minute limit, with the seconds until the oldest request leaves the window', () => {
    const window = new RateWindow();
    for (const at of [0, 10_000, 20_000]) expect(window.admit(at, limits).allowed).toBe(true);
    expect(window.admit(30_000, limits)).toMatchObject({ allowed: false, remaining: 0, retryAfterSeconds: 30 });
    expect(window.admit(59_999, limits).allowed).toBe(false);
    expect(window.admit(60_000, limits).allowed).toBe(true);
  });

  it('refuses a request above the hour limit without retry-after', () => {
    const window = new RateWindow();
    for (const minute of [0, 1, 2, 3, 4]) expect(window.admit(minute * 60_000, limits).allowed).toBe(true);
    const refused = window.admit(5 * 60_000, limits);
    expect(refused).toMatchObject({ allowed: false, remaining: 0, resetSeconds: 3_600 });
    expect(refused.retryAfterSeconds).toBeUndefined();
    expect(window.admit(3_600_000, limits).allowed).toBe(true);
    expect(window.admit(3_600_001, limits).allowed).toBe(false);
  });

  it('names the longer wait where the limit of the minute and that of the path are exceeded', () => {
    const path = (windowMs: number) => ({ pattern: /^/, most: 250, windowMs });
    for (const { windowMs, seconds } of [
      { windowMs: 30_000, seconds: 40 },
      { windowMs: 100_000, seconds: 80 },
    ]) {
      const window = new RateWindow();
      const own = path(windowMs);
      for (const at of [0, 14_000, 19_000]) expect(window.admit(at, limits, own).allowed).toBe(true);
      expect(window.admit(20_000, limits, own)).toMatchObject({ allowed: false, retryAfterSeconds: seconds });
    }
  });

  it('reports in reset when the oldest request leaves the window, not when the whole quota is free', () => {
    const window = new RateWindow();
    window.admit(0, limits);
    expect(window.admit(1_800_000, limits)).toMatchObject({ remaining: 3, resetSeconds: 3_600 });
  });

  it('stays exact when it discards old times', () => {
    const window = new RateWindow();
    const wide = { per_minute: 1_000_000, per_hour: 1_000_000 };
    for (let n = 0; n < 30_000; n++) window.admit(n * 1_000, wide);
    expect(window.admit(30_000_000, wide).remaining).toBe(1_000_000 - 3_600);
  });
});
