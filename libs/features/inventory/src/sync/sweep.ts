import type { Config, TokenPurpose } from '#libs/config';
import type { Sweep, UnreadableItem } from '../entities/sweep.entity';
import type { UnreadableObject } from '#libs/digitalocean';
import type { PageOutcome } from '../recorder/resource-recorder';
import { viewOf, type View } from '../view-of';

/** The fields of a sweep that the API returns, in its order. */
const FIELDS = [
  'id',
  'kind',
  'trigger',
  'status',
  'reason',
  'pagesDone',
  'pagesExpected',
  'calls',
  'seen',
  'discovered',
  'updated',
  'restored',
  'struck',
  'deleted',
  'unreadableCount',
  'startedAt',
  'finishedAt',
] as const satisfies readonly (keyof Sweep)[];

/** A listed object that could not be read, as the API returns it. */
export interface UnreadableView extends UnreadableItem {
  /** The same as `object_id`. */
  readonly provider_id: string | null;
  readonly reason: string;
}

/** One row of the sweep ledger as the API returns it. */
export interface SweepView extends View<Sweep, (typeof FIELDS)[number]> {
  readonly unreadable_items: readonly UnreadableView[];
  readonly missing: number | null;
}

export const sweepView = (sweep: Sweep): SweepView => ({
  ...viewOf<Sweep, (typeof FIELDS)[number]>(sweep, FIELDS),
  unreadable_items: sweep.unreadableItems.map(unreadableView),
  missing: sweep.missingCount ?? null,
});

const unreadableView = (item: UnreadableItem): UnreadableView => ({
  ...item,
  provider_id: item.object_id,
  reason: item.reason ?? (item.field === null ? 'the object as a whole is unusable' : `${item.field} could not be read`),
});

/** A sweep that this process runs. */
export interface SweepRun {
  readonly id: string;
  readonly kind: string;
  readonly accountId: string;
  readonly purpose: TokenPurpose;
  /** The fingerprint of the token that was checked at the start. All calls of the sweep are sent with that token. [INV-6] */
  readonly fingerprint: string;
  /** The source that its events name. */
  readonly source: 'sweep' | 'action_feed';
  /** By the database's clock. */
  readonly startedAt: Date;
  /** `performance.now()` when the database returned `startedAt`. */
  readonly openedAtMs: number;
  readonly progress: SweepProgress;
  /** Aborted when the process stops or the lease is lost. */
  readonly signal: AbortSignal;
}

/**
 * Converts a monotonic time of this process to the database's clock: the start of the sweep plus the time measured here since. The time
 * that the database's response took is not counted, so the result is never too late, and no worker's wall clock matters. [OPS-7]
 */
export function databaseTime(run: SweepRun, monotonicMs: number): Date {
  return new Date(run.startedAt.getTime() + Math.max(0, Math.floor(monotonicMs - run.openedAtMs)));
}

/** The counters of a sweep so far. */
export interface SweepCounts extends PageOutcome {
  readonly pagesDone: number;
  readonly pagesExpected: number;
  readonly calls: number;
  readonly seen: number;
}

const ZERO: SweepCounts = { pagesDone: 0, pagesExpected: 0, calls: 0, seen: 0, discovered: 0, updated: 0, restored: 0 };

/** Often enough for an operator who watches a sweep, and cheap: each save is a commit. */
const SAVE_EVERY_MS = 500;

/** The most unreadable objects that a sweep names. */
const MOST_UNREADABLE_NAMED = 20;

/** Counts the progress of a sweep, and saves it to the ledger without a commit per page. */
export class SweepProgress {
  private counts = ZERO;
  private readonly unreadable: UnreadableItem[] = [];
  private unreadableSaved = 0;
  private saved = ZERO;
  private savedAtMs = 0;

  constructor(
    private readonly ledger: {
      saveProgress(sweepId: string, counts: SweepCounts): Promise<void>;
      saveUnreadable(sweepId: string, items: readonly UnreadableItem[], count: number): Promise<void>;
    },
    private readonly sweepId: string,
  ) {}

  get pagesDone(): number {
    return this.counts.pagesDone;
  }

  /** True when the sweep has written a change that readers can see. */
  get hasChanges(): boolean {
    return this.counts.discovered + this.counts.updated + this.counts.restored > 0;
  }

  /** Adds to the counters. Throws `SweepLeaseLostError` when the sweep is no longer the running one. */
  async addCounts(more: Partial<Omit<SweepCounts, 'pagesExpected'>>): Promise<void> {
    const sum = (field: keyof SweepCounts) => this.counts[field] + (more[field as keyof typeof more] ?? 0);
    this.counts = {
      pagesDone: sum('pagesDone'),
      pagesExpected: this.counts.pagesExpected,
      calls: sum('calls'),
      seen: sum('seen'),
      discovered: sum('discovered'),
      updated: sum('updated'),
      restored: sum('restored'),
    };
    if (performance.now() - this.savedAtMs >= SAVE_EVERY_MS) await this.saveCounts();
  }

  /** The objects that could not be read so far. */
  get unreadableItems(): readonly UnreadableItem[] {
    return this.unreadable;
  }

  /** The reason that a complete sweep gives for not being the whole truth. */
  get completeReason(): 'unreadable_item' | null {
    return this.unreadable.length > 0 ? 'unreadable_item' : null;
  }

  /** Adds objects of a list that could not be read. */
  addUnreadable(list: string, objects: readonly UnreadableObject[]): void {
    for (const { id, field, reason } of objects) this.unreadable.push({ list, object_id: id, field, reason });
  }

  /** Sets how many pages there will be in total, as far as that is known. */
  expectPages(pages: number): void {
    this.counts = { ...this.counts, pagesExpected: pages };
  }

  /** Saves the counters that have not been saved yet. Call it before the sweep ends. */
  async saveCounts(): Promise<void> {
    if (this.unreadable.length > this.unreadableSaved) {
      this.unreadableSaved = this.unreadable.length;
      await this.ledger.saveUnreadable(this.sweepId, this.unreadable.slice(0, MOST_UNREADABLE_NAMED), this.unreadable.length);
    }
    if (this.saved === this.counts) return;
    this.saved = this.counts;
    this.savedAtMs = performance.now();
    await this.ledger.saveProgress(this.sweepId, this.counts);
  }
}

/** The share of its token that a scheduled sweep may use. The rest is for the other uses of the token. */
const TOKEN_SHARE = 1 / 4;

type TokenRate = Pick<Config['provider'], 'ratePerMinute' | 'minuteWindowMs' | 'ratePerHour' | 'hourWindowMs'>;

/** The shortest interval in ms between sweeps of so many calls that stays within a share of the token's minute and of its hour. */
export function minSweepIntervalMs(
  calls: number,
  { ratePerMinute, minuteWindowMs, ratePerHour, hourWindowMs }: TokenRate,
  share = TOKEN_SHARE,
): number {
  return Math.max((calls * minuteWindowMs) / (ratePerMinute * share), (calls * hourWindowMs) / (ratePerHour * share));
}

/** For each sweep, the ms that one of its calls must be apart from the next to stay within the share of the token. */
export function callIntervalsMs(sweeps: readonly { readonly under?: { readonly tokenShare: number } }[], rate: TokenRate): number[] {
  return sweeps.map(({ under }) => minSweepIntervalMs(1, rate, under?.tokenShare));
}
