import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Database } from '#libs/database';
import { NotReadyError, type Check, type ReadinessIndicator } from '#libs/runtime';
import { ACCESS, type Access } from '../auth/access.decorator';

/**
 * Refuses every route that is not public (503) until the migrations of this build are applied. Liveness works meanwhile. [OPS-5] It is also
 * the api's indicator of the database, which is not ready without that schema.
 */
@Injectable()
export class SchemaGate implements CanActivate, ReadinessIndicator, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'database';
  private readonly log = new Logger('Api');
  private readonly stop = new AbortController();
  private current = false;

  constructor(
    private readonly database: Database,
    private readonly reflector: Reflector,
  ) {}

  async ping(): Promise<Check> {
    await this.database.ping();
    return this.current ? 'ok' : 'schema_missing';
  }

  onApplicationBootstrap(): void {
    void this.openWhenCurrent(); // not awaited: the health routes must work while the schema is missing
  }

  beforeApplicationShutdown(): void {
    this.stop.abort();
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.current || this.reflector.getAllAndOverride<Access>(ACCESS, [context.getHandler(), context.getClass()]) === 'public')
      return true;
    throw new NotReadyError({ database: 'schema_missing' });
  }

  private async openWhenCurrent(): Promise<void> {
    try {
      await this.database.waitForSchema(this.stop.signal);
      this.current = true;
      this.log.log({ event: 'schema_ready' });
    } catch {
      this.log.debug({ event: 'schema_wait_ended' }); // the process is stopping
    }
  }
}
