import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { RENEW_LEASES } from '../run/checkpoint.sql';

type ClaimedRun = { readonly id: string; readonly epoch: string };

/** Renews the leases of all running sagas in one statement, and signals a run that its lease was lost. */
@Injectable()
export class Leases {
  private readonly leases = new Map<string, { readonly epoch: string; readonly lost: AbortController; renewedMs: number }>();
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

  /** Renews the lease of this run from now on. The signal is aborted when the lease was lost, or was not renewed for its whole length. */
  track({ id, epoch }: ClaimedRun): AbortSignal {
    this.leases.get(id)?.lost.abort(); // the run was claimed again while its previous execution still hangs in this process
    const lost = new AbortController();
    this.leases.set(id, { epoch, lost, renewedMs: performance.now() });
    return lost.signal;
  }

  untrack({ id, epoch }: ClaimedRun): void {
    if (this.leases.get(id)?.epoch === epoch) this.leases.delete(id);
  }

  abandonAll(): void {
    for (const { lost } of this.leases.values()) lost.abort();
  }

  private async renew(): Promise<void> {
    const asked = [...this.leases];
    if (asked.length === 0) return;
    const askedMs = performance.now();
    try {
      const values = [asked.map(([id]) => id), asked.map(([, { epoch }]) => epoch), this.config.saga.leaseMs];
      const rows = await this.database.query<{ id: string }>(RENEW_LEASES, values);
      const owned = new Set(rows.map((row) => row.id));
      for (const [id, lease] of asked) {
        if (owned.has(id)) lease.renewedMs = askedMs;
        else if (this.leases.get(id) === lease) lease.lost.abort();
      }
    } catch {
      for (const [, lease] of asked) if (askedMs - lease.renewedMs > this.config.saga.leaseMs) lease.lost.abort();
    }
  }
}
