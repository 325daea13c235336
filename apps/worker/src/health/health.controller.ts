import { Controller, Get, Header, HttpStatus, Inject, Injectable, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AccountBinding } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';
import { ReadinessService, type Check, type ReadinessIndicator } from '#libs/runtime';

export interface WorkerReadiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: Readonly<Record<string, Check>>;
}

/** The indicator of the provider account: `refused` once this process has tried to use a token of another account. [INV-6] */
@Injectable()
export class AccountHealth implements ReadinessIndicator {
  readonly name = 'account';

  constructor(private readonly binding: AccountBinding) {}

  ping(): Promise<Check> {
    return Promise.resolve(this.binding.refusedPurposes.length > 0 ? 'refused' : 'ok');
  }
}

/** Both paths of the api work here too, so that a probe does not depend on the process that it calls. */
@Controller(['health', 'api/health'])
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly readiness: ReadinessService,
  ) {}

  /** The liveness probe depends on nothing outside of the process. */
  @Get()
  live() {
    return { status: 'ok', service: 'arcadia-cloud', process: 'worker', version: this.config.version };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<WorkerReadiness> {
    const checks = await this.readiness.check();
    if (Object.values(checks).every((check) => check === 'ok')) return { status: 'ready', checks };
    response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: 'not_ready', checks };
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
