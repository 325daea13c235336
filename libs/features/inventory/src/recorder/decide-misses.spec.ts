import { afterMiss, decideMisses, type MissingRow, type MissSituation } from './decide-misses';

const rules = { strikesToDelete: 3, strikeSpacingMs: 300_000, vanishMaxRatio: 0.2, vanishMin: 5 };
const now = new Date('2026-01-01T12:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

describe('INV-3', () => {
  it.each([
    { strikes: 0, last: null, struck: true, condemned: false },
    { strikes: 1, last: ago(5), struck: true, condemned: false },
    { strikes: 1, last: ago(4), struck: false, condemned: false },
    { strikes: 2, last: ago(5), struck: true, condemned: true },
    { strikes: 2, last: ago(1), struck: false, condemned: false },
    { strikes: 3, last: ago(1), struck: false, condemned: true },
  ])('a row with $strikes strikes, the last at $last: struck $struck, condemned $condemned', ({ strikes, last, struck, condemned }) => {
    expect(afterMiss({ strikes, lastStrikeAt: last }, now, rules)).toEqual({ struck, condemned });
  });
});

const missing = (count: number, covered = false): MissingRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: `row-${i}`, providerId: `${i}`, strikes: 0, lastStrikeAt: null, covered }));

const situation = (over: Partial<MissSituation>): MissSituation => ({ missing: [], activeRows: 0, seen: 1, now, ...over });

describe('INV-5', () => {
  it.each([
    { gone: 5, active: 10, seen: 5, suspect: null },
    { gone: 6, active: 10, seen: 4, suspect: 'too_many_missing' },
    { gone: 20, active: 100, seen: 80, suspect: null },
    { gone: 21, active: 100, seen: 79, suspect: 'too_many_missing' },
    { gone: 2, active: 2, seen: 0, suspect: null },
    { gone: 3, active: 3, seen: 0, suspect: 'empty_list' },
    { gone: 0, active: 0, seen: 0, suspect: null },
  ])('$gone of $active missing with $seen seen is suspect: $suspect', ({ gone, active, seen, suspect }) => {
    expect(decideMisses(situation({ missing: missing(gone), activeRows: active, seen }), rules).suspect).toBe(suspect);
  });

  it('a suspect listing strikes and condemns nothing', () => {
    const decision = decideMisses(situation({ missing: missing(30), activeRows: 60, seen: 30 }), rules);
    expect(decision).toMatchObject({ strike: [], condemned: [] });
  });

  it('a release covers a listing that misses no others', () => {
    const released = missing(30, true);
    expect(decideMisses(situation({ missing: released, activeRows: 60, seen: 30 }), rules).suspect).toBeNull();
    const oneMore = [...released, ...missing(1)];
    expect(decideMisses(situation({ missing: oneMore, activeRows: 60, seen: 29 }), rules).suspect).toBe('too_many_missing');
  });
});
