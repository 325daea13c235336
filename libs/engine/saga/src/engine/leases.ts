import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { RENEW } from '../run/boundary.sql';

type Claimed = { readonly id: string; readonly epoch: string };

/** Prolongs the leases of all runs in work, in one statement, and tells a run when it is no longer ours. */
@Injectable()
export class Leases {
  private readonly held = new Map<string, { readonly epoch: string; readonly lost: AbortController; renewedMs: number }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.renew(), this.config.saga.renewMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The signal is aborted when the lease was lost, or could not be renewed for its whole length. */
  hold({ id, epoch }: Claimed): AbortSignal {
    this.held.get(id)?.lost.abort(); // claimed anew while its former execution still hangs here
    const lost = new AbortController();
    this.held.set(id, { epoch, lost, renewedMs: performance.now() });
    return lost.signal;
  }

  release({ id, epoch }: Claimed): void {
    if (this.held.get(id)?.epoch === epoch) this.held.delete(id);
  }

  loseAll(): void {
    for (const { lost } of this.held.values()) lost.abort();
  }

  private async renew(): Promise<void> {
    const asked = [...this.held];
    if (asked.length === 0) return;
    const askedMs = performance.now();
    try {
      const values = [asked.map(([id]) => id), asked.map(([, { epoch }]) => epoch), this.config.saga.leaseMs];
      const rows = await this.database.query<{ id: string }>(RENEW, values);
      const ours = new Set(rows.map((row) => row.id));
      for (const [id, lease] of asked) {
        if (ours.has(id)) lease.renewedMs = askedMs;
        else if (this.held.get(id) === lease) lease.lost.abort();
      }
    } catch {
      for (const [, lease] of asked) if (askedMs - lease.renewedMs > this.config.saga.leaseMs) lease.lost.abort();
    }
  }
}
