import { Injectable, Logger } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { SWEEPS, SweepService, type SweepView } from '#libs/inventory';
import { errorCode } from '#libs/kernel';
import { Enqueuer } from '#libs/queues';

/** Sweeps that people ask for: written down first, then a worker is woken. */
@Injectable()
export class RequestedSweeps {
  private readonly log = new Logger('Sweeps');

  constructor(
    private readonly sweeps: SweepService,
    private readonly enqueuer: Enqueuer,
  ) {}

  /** The sweep that a worker will take up at once, or the one that is running already. Takes 2 s longer while the queues are away. */
  async request(kind: string, because: AuditContext): Promise<SweepView> {
    const sweep = await this.sweeps.request(kind, because);
    await this.wake(kind);
    return sweep;
  }

  /** The request is committed: a bell that nobody hears costs one round of the workers' repair timer (`SCHEDULES_REPAIR_MS`), not the request. */
  private async wake(kind: string): Promise<void> {
    const queue = SWEEPS.find((sweep) => sweep.kind === kind)?.sync.queue;
    if (!queue) return;
    try {
      await this.enqueuer.sweep({ queue, kind, trigger: 'manual' });
    } catch (error) {
      this.log.warn({ event: 'sweep_wakeup_failed', kind, code: errorCode(error) });
    }
  }
}
