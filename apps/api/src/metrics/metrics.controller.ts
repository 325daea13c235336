import { Controller, Get, Header } from '@nestjs/common';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';
import { RequirePlatformAdmin } from '../access/access';
import { Describes } from '../routing/describes';

/** For a look by hand; Prometheus, whose tokens would run out, scrapes `METRICS_PORT`. */
@RequirePlatformAdmin()
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', METRICS_CONTENT_TYPE)
  @Describes({
    summary: 'Read the metrics of this process',
    details: 'In the text format of Prometheus, which better scrapes `METRICS_PORT`, without a token.',
    answers: { schema: 'Metrics', as: 'text' },
  })
  read(): Promise<string> {
    return metricsText();
  }
}
