import { Controller, Get, Header, HttpStatus, Inject, Injectable, type OnModuleDestroy, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AccountBinding } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';
import { QueueHealth } from '#libs/queues';
import { pingWithTimeout } from '#libs/runtime';
import { WorkerBootstrap } from '../lifetime/worker-bootstrap';

type Check = 'ok' | 'down' | 'waiting' | 'stopping' | 'refused';

export interface WorkerReadiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: { readonly database: Check; readonly queues: Check; readonly work: Check; readonly account: Check };
}

/**
 * Whether this process can work. The check never calls the provider [OPS-6]: `account` is `refused` once this process has tried to use
 * a token of another account [INV-6].
 */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly queues: QueueHealth,
    private readonly bootstrap: WorkerBootstrap,
    private readonly accountBinding: AccountBinding,
  ) {}

  onModuleDestroy(): void {
    this.stopping = true;
  }

  async check(): Promise<WorkerReadiness> {
    const [database, queues] = await Promise.all([pingWithTimeout(this.database.ping()), pingWithTimeout(this.queues.ping())]);
    const work = this.stopping ? 'stopping' : this.bootstrap.hasStarted ? 'ok' : 'waiting';
    const account = this.accountBinding.refusedPurposes.length > 0 ? 'refused' : 'ok';
    const checks = { database, queues, work, account } as const;
    return { status: Object.values(checks).every((check) => check === 'ok') ? 'ready' : 'not_ready', checks };
  }
}

/** Both paths of the api work here too, so that a probe does not depend on the process that it calls. */
@Controller(['health', 'api/health'])
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly readiness: Readiness,
  ) {}

  /** The liveness probe depends on nothing outside of the process. */
  @Get()
  live() {
    return { status: 'ok', service: 'arcadia-cloud', process: 'worker', version: this.config.version };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<WorkerReadiness> {
    const readiness = await this.readiness.check();
    if (readiness.status !== 'ready') response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }
}

/** Metrics for Prometheus: counters of this process and gauges from tables and queues. They are served on the worker's own port only. */
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', METRICS_CONTENT_TYPE)
  read(): Promise<string> {
    return metricsText();
  }
}
