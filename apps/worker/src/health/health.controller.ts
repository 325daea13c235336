import { Controller, Get, HttpStatus, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { CONFIG, type Config } from '#libs/config';
import { Readiness, type WorkerReadiness } from './readiness';

/** Under both paths: probes need not know which process they ask. */
@Controller(['health', 'api/health'])
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly readiness: Readiness,
  ) {}

  /** Liveness depends on nothing outside. */
  @Get()
  live() {
    return { status: 'ok', service: 'arcadia-cloud', process: 'worker', version: this.config.version };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<WorkerReadiness> {
    const answer = await this.readiness.ask();
    if (answer.status !== 'ready') response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return answer;
  }
}
