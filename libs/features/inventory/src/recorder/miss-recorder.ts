import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { listedKind } from '../kinds';
import type { MissingRow, MissSituation } from './decide-misses';
import { MISSING_ROWS, STRIKE_AND_TOMBSTONE, STRIKE_RELEASED } from './misses.sql';
import type { SweepRef } from './resource-recorder';

/** Reads what a complete listing missed, and writes strikes and tombstones into `cloud_resources`, with their events. */
@Injectable()
export class MissRecorder {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `sweptAs` is the kind of the sweep: placeholder kinds are swept by the membership pass over the projects. */
  async missing(sweep: SweepRef, kind: string, listed: readonly string[], sweptAs: string): Promise<MissSituation> {
    type Row = { now: Date; active_rows: number; missing: (Omit<MissingRow, 'lastStrikeAt'> & { lastStrikeAt: string | null })[] };
    const [row] = await this.database.query<Row>(MISSING_ROWS, [
      sweep.accountId,
      kind,
      sweep.startedAt,
      listed,
      sweptAs,
      this.config.inventory.releaseCoversMs,
    ]);
    const missing = (row?.missing ?? []).map((one) => ({
      ...one,
      lastStrikeAt: one.lastStrikeAt === null ? null : new Date(one.lastStrikeAt),
    }));
    return { missing, activeRows: row?.active_rows ?? 0, seen: listed.length, now: row?.now ?? new Date(0) };
  }

  /** One strike for `strike`, a tombstone for `bury`, in a transaction that holds the sweep. */
  async strikeAndBury(tx: Queryable, sweep: SweepRef, strike: readonly MissingRow[], bury: readonly MissingRow[]): Promise<void> {
    if (strike.length + bury.length === 0) return;
    const ids = (rows: readonly MissingRow[]) => rows.map((row) => row.id);
    await tx.query(STRIKE_AND_TOMBSTONE, [sweep.id, ids(strike), ids(bury), sweep.startedAt]);
  }

  /** One strike for what a released sweep missed; answers how many rows got one. */
  async strikeReleased(tx: Queryable, sweepId: string): Promise<number> {
    const { strikesToDelete, strikeSpacingMs, placeholderStrikeSpacingMs } = this.config.inventory;
    const [of] = await tx.query<{ kind: string }>('select kind from cloud_sweeps where id = $1', [sweepId]);
    const spacingMs = of && listedKind(of.kind) ? strikeSpacingMs : placeholderStrikeSpacingMs;
    const [row] = await tx.query<{ struck: number }>(STRIKE_RELEASED, [sweepId, spacingMs, strikesToDelete]);
    return row?.struck ?? 0;
  }
}
