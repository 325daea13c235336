import { Controller, Get, Header } from '@nestjs/common';
import { metrics } from '#libs/observability';

/** What this process counts, for Prometheus. On the worker's own port, which is not for the world. */
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', metrics.contentType)
  read(): Promise<string> {
    return metrics.metrics();
  }
}
