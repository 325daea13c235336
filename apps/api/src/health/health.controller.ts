import { Controller, Get, Inject } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { Public } from '../access/access';
import { Describes } from '../routing/describes';
import { Readiness, type ReadyView, type ServingView } from './readiness';

@Public()
@Controller('api/health')
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly readiness: Readiness,
  ) {}

  @Get()
  @Describes({ summary: 'Is the process alive?', answers: { schema: 'Health', as: 'flat' } })
  live() {
    return { status: 'ok', service: 'arcadia-cloud', version: this.config.version };
  }

  @Get('ready')
  @Describes({
    summary: 'Can it work?',
    details: 'Asks the database and the queues, never the provider. 503 names what is missing in `checks`.',
    answers: { schema: 'Readiness', as: 'flat' },
    refusals: [503],
  })
  ready(): Promise<ReadyView> {
    return this.readiness.ask();
  }

  @Get('serving')
  @Describes({
    summary: 'Can it answer requests?',
    details:
      'Asks the database only: while the queues are away reads go on, and starts are accepted. For load balancers, which would take away every process at once.',
    answers: { schema: 'Serving', as: 'flat' },
    refusals: [503],
  })
  serving(): Promise<ServingView> {
    return this.readiness.serving();
  }
}
