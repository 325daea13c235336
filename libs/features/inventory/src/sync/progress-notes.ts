import type { PageOutcome } from '../recorder/resource-recorder';
import type { SweepLedger } from './sweep-ledger';

/** How far a sweep has come, and what it has changed so far. */
export interface Progress extends PageOutcome {
  readonly pagesDone: number;
  readonly pagesExpected: number;
  readonly calls: number;
  readonly seen: number;
}

const NOTHING: Progress = { pagesDone: 0, pagesExpected: 0, calls: 0, seen: 0, discovered: 0, updated: 0, restored: 0 };

/** Often enough for people who watch, rarely enough to cost nothing: each note is a commit. */
const NOTE_EVERY_MS = 500;

/** Keeps the ledger informed of a sweep's progress without a commit per page. */
export class SweepProgress {
  private made = NOTHING;
  private noted = NOTHING;
  private notedAtMs = 0;

  constructor(
    private readonly ledger: Pick<SweepLedger, 'progress'>,
    private readonly sweepId: string,
  ) {}

  get pagesDone(): number {
    return this.made.pagesDone;
  }

  /** Whether anything was written that readers can tell from before. */
  get hasChanges(): boolean {
    return this.made.discovered + this.made.updated + this.made.restored > 0;
  }

  /** Adds to the sums. Throws `SweepLeaseLostError` when the sweep turns out to be no longer the running one. */
  async add(more: Partial<Omit<Progress, 'pagesExpected'>>): Promise<void> {
    const sum = (field: keyof Progress) => this.made[field] + (more[field as keyof typeof more] ?? 0);
    this.made = {
      pagesDone: sum('pagesDone'),
      pagesExpected: this.made.pagesExpected,
      calls: sum('calls'),
      seen: sum('seen'),
      discovered: sum('discovered'),
      updated: sum('updated'),
      restored: sum('restored'),
    };
    if (performance.now() - this.notedAtMs >= NOTE_EVERY_MS) await this.flush();
  }

  /** How many pages there will be in all, as far as that is known. */
  expect(pages: number): void {
    this.made = { ...this.made, pagesExpected: pages };
  }

  /** Writes what has not been noted yet; due before the sweep ends. */
  async flush(): Promise<void> {
    if (this.noted === this.made) return;
    this.noted = this.made;
    this.notedAtMs = performance.now();
    await this.ledger.progress(this.sweepId, this.made);
  }
}
