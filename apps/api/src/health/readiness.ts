import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '#libs/database';
import { answersInTime } from '#libs/lifecycle';
import { QueueHealth } from '#libs/queues';
import { NotReadyError } from './not-ready.error';
import { SchemaGate } from './schema-gate';

export type Check = 'ok' | 'down' | 'schema_missing' | 'stopping';

/** The answer of a ready process. */
export interface ReadyView {
  readonly status: 'ready';
  readonly checks: { readonly database: Check; readonly queues: Check };
}

/** Can this process work? Never asks the provider: its troubles are no reason to take the API away (OPS-6). */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private stopping = false;
  private asking: Promise<ReadyView> | undefined;

  constructor(
    private readonly database: Database,
    private readonly queues: QueueHealth,
    private readonly schema: SchemaGate,
  ) {}

  /** Requests that come while a check runs share its answer, so that an open route cannot be used to load the database. */
  ask(): Promise<ReadyView> {
    this.asking ??= this.check().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  private async check(): Promise<ReadyView> {
    if (this.stopping) throw new NotReadyError({ process: 'stopping' });
    const [reachable, queues] = await Promise.all([answersInTime(this.database.ping()), answersInTime(this.queues.ping())]);
    const database = reachable === 'ok' && !this.schema.open ? 'schema_missing' : reachable;
    if (database !== 'ok' || queues !== 'ok') throw new NotReadyError({ database, queues });
    return { status: 'ready', checks: { database, queues } };
  }
}
