import { Controller, Get, Header, Inject } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';
import { ReadinessService } from '#libs/runtime';
import { Public, RequirePlatformAdmin } from '../auth/access.decorator';
import { ApiFileResponse, ApiPlainResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { HealthResponse, ReadinessResponse, ServingResponse } from './health.dto';

@Public()
@Controller('api/health')
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly readiness: ReadinessService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Liveness probe' })
  @ApiPlainResponse(HealthResponse)
  live(): HealthResponse {
    return { status: 'ok', service: 'arcadia-cloud', version: this.config.version };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Readiness probe',
    description: 'Checks the database and the queues, never the provider. On 503, `checks` contains the state of each dependency.',
  })
  @ApiPlainResponse(ReadinessResponse)
  @ApiProblems(503)
  async ready(): Promise<ReadinessResponse> {
    return { status: 'ready', checks: await this.readiness.require(['database', 'queues']) };
  }

  @Get('serving')
  @ApiOperation({
    summary: 'Serving probe',
    description:
      'Checks the database only: during an outage of the queues, reads go on and starts are accepted. For load balancers, which would otherwise remove every process at once.',
  })
  @ApiPlainResponse(ServingResponse)
  @ApiProblems(503)
  async serving(): Promise<ServingResponse> {
    return { status: 'serving', checks: await this.readiness.require(['database']) };
  }
}

/** For people. Prometheus scrapes `METRICS_PORT` instead, because its token would expire. */
@RequirePlatformAdmin()
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', METRICS_CONTENT_TYPE)
  @ApiOperation({
    summary: 'Get the metrics of this process',
    description: 'In the text format of Prometheus, which should scrape `METRICS_PORT`, without a token.',
  })
  @ApiFileResponse('text/plain', 'Prometheus text format 0.0.4')
  read(): Promise<string> {
    return metricsText();
  }
}
