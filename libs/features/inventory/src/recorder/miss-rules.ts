import type { Config } from '#libs/config';
import type { Kind } from '../kinds/kind';
import type { MissRules } from './decide-misses';

/** Kinds that cannot be fetched by id have no confirmation: their strikes must lie further apart instead (INV-3). */
export function missRules(config: Config, kind: Pick<Kind, 'fetch'>): MissRules {
  const { strikesToDelete, strikeSpacingMs, placeholderStrikeSpacingMs, vanishMaxRatio, vanishMin } = config.inventory;
  return { strikesToDelete, strikeSpacingMs: kind.fetch ? strikeSpacingMs : placeholderStrikeSpacingMs, vanishMaxRatio, vanishMin };
}
