import { Controller, Get, Header } from '@nestjs/common';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { ApiFileResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';

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
