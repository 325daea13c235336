import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller';
import { ReadinessService } from './readiness.service';
import { SchemaGate } from './schema-gate';

/** Terminus does not log: a failed probe is a response, and its caller decides whether it is an event. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [ReadinessService, SchemaGate],
  exports: [SchemaGate],
})
export class HealthApiModule {}
