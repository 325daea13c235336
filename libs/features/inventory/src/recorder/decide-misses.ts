/** An active row that a complete listing did not contain. */
export interface MissingRow {
  readonly id: string;
  readonly providerId: string;
  readonly strikes: number;
  readonly lastStrikeAt: Date | null;
  /** An operator released a suspect sweep that missed it, and it has not been seen since. */
  readonly covered: boolean;
}

export interface MissRules {
  readonly strikesToDelete: number;
  readonly strikeSpacingMs: number;
  readonly vanishMaxRatio: number;
  readonly vanishMin: number;
}

export interface MissSituation {
  readonly missing: readonly MissingRow[];
  /** Active rows of the kind, the missing ones among them. */
  readonly activeRows: number;
  readonly seen: number;
  /** Now, by the database's clock. */
  readonly now: Date;
}

export interface MissDecision {
  /** Why nothing may be struck, or null. */
  readonly suspect: 'empty_list' | 'too_many_missing' | null;
  /** Rows that get one strike more. */
  readonly strike: readonly MissingRow[];
  /** Rows among them, or struck out before, that are gone once the provider confirms it. */
  readonly condemned: readonly MissingRow[];
}

/** A row that was missed once more: struck unless the last strike is too fresh; condemned once it has all its strikes (INV-3). */
export function afterMiss(
  row: Pick<MissingRow, 'strikes' | 'lastStrikeAt'>,
  now: Date,
  rules: MissRules,
): { struck: boolean; condemned: boolean } {
  if (row.strikes >= rules.strikesToDelete) return { struck: false, condemned: true };
  const spaced = row.lastStrikeAt === null || now.getTime() - row.lastStrikeAt.getTime() >= rules.strikeSpacingMs;
  return { struck: spaced, condemned: spaced && row.strikes + 1 >= rules.strikesToDelete };
}

/** What a complete listing that did not contain these rows means for them. Pure. */
export function decideMisses(situation: MissSituation, rules: MissRules): MissDecision {
  const suspect = whySuspect(situation, rules);
  if (suspect) return { suspect, strike: [], condemned: [] };
  const judged = situation.missing.map((row) => ({ row, ...afterMiss(row, situation.now, rules) }));
  return {
    suspect: null,
    strike: judged.filter(({ struck }) => struck).map(({ row }) => row),
    condemned: judged.filter(({ condemned }) => condemned).map(({ row }) => row),
  };
}

/** The vanish brake (INV-5): every missing row counts, also those whose strikes are still too fresh for another. */
function whySuspect({ missing, activeRows, seen }: MissSituation, rules: MissRules): MissDecision['suspect'] {
  if (missing.every((row) => row.covered)) return null;
  if (seen === 0 && activeRows >= 3) return 'empty_list';
  return missing.length > Math.max(rules.vanishMin, rules.vanishMaxRatio * activeRows) ? 'too_many_missing' : null;
}
