import { Controller, Get, Header } from '@nestjs/common';
import { METRICS_CONTENT_TYPE, metricsText } from '#libs/observability';

/** What this process counts and what it reads in tables and queues, for Prometheus. On the worker's own port, which is not for the world. */
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', METRICS_CONTENT_TYPE)
  read(): Promise<string> {
    return metricsText();
  }
}
