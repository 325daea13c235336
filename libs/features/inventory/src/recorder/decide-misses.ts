import type { Config } from '#libs/config';
import type { Kind } from '../kinds/kind';

/** An active row that a complete list did not contain. */
export interface MissingRow {
  readonly id: string;
  readonly providerId: string;
  readonly strikes: number;
  readonly lastStrikeAt: Date | null;
  /** An operator released a suspect sweep that missed this row, and the row has not been seen since. */
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
  /** Active rows of the kind, including the missing ones. */
  readonly activeRows: number;
  readonly seen: number;
  /** The current time by the database's clock. */
  readonly now: Date;
}

export interface MissDecision {
  /** The reason why nothing may be struck, or null. */
  readonly suspect: 'empty_list' | 'too_many_missing' | null;
  /** Rows that get one more strike. */
  readonly strike: readonly MissingRow[];
  /**
   * Rows that have all their strikes. They become tombstones once the provider confirms with a 404, where their kind can be fetched by id.
   */
  readonly tombstone: readonly MissingRow[];
}

/**
 * Judges a row that was missed again: it is struck unless its last strike is too recent, and out of strikes once it has them all. [INV-3]
 */
export function afterMiss(
  row: Pick<MissingRow, 'strikes' | 'lastStrikeAt'>,
  now: Date,
  rules: MissRules,
): { struck: boolean; outOfStrikes: boolean } {
  if (row.strikes >= rules.strikesToDelete) return { struck: false, outOfStrikes: true };
  const spaced = row.lastStrikeAt === null || now.getTime() - row.lastStrikeAt.getTime() >= rules.strikeSpacingMs;
  return { struck: spaced, outOfStrikes: spaced && row.strikes + 1 >= rules.strikesToDelete };
}

/** Decides which of the missing rows of a complete list are struck and which become tombstones. Pure. */
export function decideMisses(situation: MissSituation, rules: MissRules): MissDecision {
  const suspect = suspicionReason(situation, rules);
  if (suspect) return { suspect, strike: [], tombstone: [] };
  const judged = situation.missing.map((row) => ({ row, ...afterMiss(row, situation.now, rules) }));
  return {
    suspect: null,
    strike: judged.filter(({ struck }) => struck).map(({ row }) => row),
    tombstone: judged.filter(({ outOfStrikes }) => outOfStrikes).map(({ row }) => row),
  };
}

/** The vanish brake: every missing row counts, including rows with a last strike that is too recent for another. [INV-5] */
function suspicionReason({ missing, activeRows, seen }: MissSituation, rules: MissRules): MissDecision['suspect'] {
  if (missing.every((row) => row.covered)) return null;
  if (seen === 0 && activeRows >= 3) return 'empty_list';
  return missing.length > Math.max(rules.vanishMin, rules.vanishMaxRatio * activeRows) ? 'too_many_missing' : null;
}

/** The limits for a kind. Kinds that cannot be fetched by id are not confirmed: their strikes must lie further apart instead. [INV-3] */
export function missRules(config: Config, kind: Pick<Kind, 'fetch'>): MissRules {
  const { strikesToDelete, strikeSpacingMs, placeholderStrikeSpacingMs, vanishMaxRatio, vanishMin } = config.inventory;
  return { strikesToDelete, strikeSpacingMs: kind.fetch ? strikeSpacingMs : placeholderStrikeSpacingMs, vanishMaxRatio, vanishMin };
}
