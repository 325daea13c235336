import type { Config } from '#libs/config';
import { afterMiss, decideMisses, missRules, type MissingRow, type MissSituation } from './decide-misses';

const rules = { strikesToDelete: 3, strikeSpacingMs: 300_000, vanishMaxRatio: 0.2, vanishMin: 5 };
const now = new Date('2026-01-01T12:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

describe('afterMiss', () => {
  it.each([
    { strikes: 0, last: null, struck: true, outOfStrikes: false },
    { strikes: 1, last: ago(5), struck: true, outOfStrikes: false },
    { strikes: 1, last: ago(4), struck: false, outOfStrikes: false },
    { strikes: 2, last: ago(5), struck: true, outOfStrikes: true },
    { strikes: 2, last: ago(1), struck: false, outOfStrikes: false },
    { strikes: 3, last: ago(1), struck: false, outOfStrikes: true },
  ])(
    'judges a row with $strikes strikes, the last at $last, as struck $struck and out of strikes $outOfStrikes [INV-3]',
    ({ strikes, last, struck, outOfStrikes }) => {
      expect(afterMiss({ strikes, lastStrikeAt: last }, now, rules)).toEqual({ struck, outOfStrikes });
    },
  );
});

const missing = (count: number, covered = false): MissingRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: `row-${i}`, providerId: `${i}`, strikes: 0, lastStrikeAt: null, covered }));

const situation = (over: Partial<MissSituation>): MissSituation => ({ missing: [], activeRows: 0, seen: 1, now, ...over });

describe('decideMisses', () => {
  it.each([
    { missed: 5, active: 10, seen: 5, suspect: null },
    { missed: 6, active: 10, seen: 4, suspect: 'too_many_missing' },
    { missed: 20, active: 100, seen: 80, suspect: null },
    { missed: 21, active: 100, seen: 79, suspect: 'too_many_missing' },
    { missed: 2, active: 2, seen: 0, suspect: null },
    { missed: 3, active: 3, seen: 0, suspect: 'empty_list' },
    { missed: 0, active: 0, seen: 0, suspect: null },
  ])(
    'finds a list with $missed of $active rows missing and $seen seen suspect for the reason $suspect [INV-5]',
    ({ missed, active, seen, suspect }) => {
      expect(decideMisses(situation({ missing: missing(missed), activeRows: active, seen }), rules).suspect).toBe(suspect);
    },
  );

  it('strikes and deletes nothing for a suspect list [INV-5]', () => {
    const decision = decideMisses(situation({ missing: missing(30), activeRows: 60, seen: 30 }), rules);
    expect(decision).toMatchObject({ strike: [], tombstone: [] });
  });

  it('strikes only rows whose last strike is long enough ago, and deletes only those that are out of strikes [INV-3]', () => {
    const row = (id: string, strikes: number, lastStrikeAt: Date | null): MissingRow => ({
      id,
      providerId: id,
      strikes,
      lastStrikeAt,
      covered: false,
    });
    const rows = [row('new', 0, null), row('recent', 1, ago(4)), row('last', 2, ago(5)), row('unconfirmed', 3, ago(1))];
    const decision = decideMisses(situation({ missing: rows, activeRows: 60, seen: 56 }), rules);
    expect(decision.strike.map(({ id }) => id)).toEqual(['new', 'last']);
    expect(decision.tombstone.map(({ id }) => id)).toEqual(['last', 'unconfirmed']);
  });

  it('trusts a list that misses only rows covered by a release [INV-5]', () => {
    const released = missing(30, true);
    expect(decideMisses(situation({ missing: released, activeRows: 60, seen: 30 }), rules).suspect).toBeNull();
    const oneMore = [...released, ...missing(1)];
    expect(decideMisses(situation({ missing: oneMore, activeRows: 60, seen: 29 }), rules).suspect).toBe('too_many_missing');
  });
});

it('sets the strikes of a kind that cannot be fetched by id further apart [INV-3]', () => {
  const inventory = { ...rules, placeholderStrikeSpacingMs: 86_400_000 };
  const config = { inventory } as Config;
  expect(missRules(config, { fetch: { path: (id) => id, key: 'thing' } })).toEqual(rules);
  expect(missRules(config, {})).toEqual({ ...rules, strikeSpacingMs: 86_400_000 });
});
