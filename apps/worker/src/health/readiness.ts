import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '#libs/database';
import { AccountBinding } from '#libs/inventory';
import { pingWithTimeout } from '#libs/runtime';
import { QueueHealth } from '#libs/queues';
import { WorkerBootstrap } from '../lifetime/work-start';

type Check = 'ok' | 'down' | 'waiting' | 'stopping' | 'refused';

export interface WorkerReadiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: { readonly database: Check; readonly queues: Check; readonly work: Check; readonly account: Check };
}

/**
 * Can this process work? Never asks the provider (OPS-6): a token of another account shows once this process has tried to use it
 * (INV-6).
 */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly queues: QueueHealth,
    private readonly start: WorkerBootstrap,
    private readonly pin: AccountBinding,
  ) {}

  onModuleDestroy(): void {
    this.stopping = true;
  }

  async ask(): Promise<WorkerReadiness> {
    const [database, queues] = await Promise.all([pingWithTimeout(this.database.ping()), pingWithTimeout(this.queues.ping())]);
    const work = this.stopping ? 'stopping' : this.start.hasStarted ? 'ok' : 'waiting';
    const account = this.pin.refusedPurposes.length > 0 ? 'refused' : 'ok';
    const checks = { database, queues, work, account } as const;
    return { status: Object.values(checks).every((check) => check === 'ok') ? 'ready' : 'not_ready', checks };
  }
}
