import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '#libs/database';
import { pingWithTimeout } from '#libs/runtime';
import { QueueHealth } from '#libs/queues';
import { NotReadyError } from './not-ready.error';
import { SchemaGate } from './schema-gate';

export type Check = 'ok' | 'down' | 'schema_missing' | 'stopping';

/** The answer of a ready process. */
export interface ReadyView {
  readonly status: 'ready';
  readonly checks: { readonly database: Check; readonly queues: Check };
}

/** The answer of a process that can answer requests. */
export interface ServingView {
  readonly status: 'serving';
  readonly checks: { readonly database: Check };
}

/** Can this process work? Never asks the provider: its troubles are no reason to take the API away (OPS-6). */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private stopping = false;
  private readonly asking = new Map<() => Promise<unknown>, Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly queues: QueueHealth,
    private readonly schema: SchemaGate,
  ) {}

  /** Throws `NotReadyError` unless all that the process needs is there. */
  ask(): Promise<ReadyView> {
    return this.once(this.check);
  }

  /** The same without the queues: reads need none, and starts are written down first. For whoever takes away what is not ready. */
  serving(): Promise<ServingView> {
    return this.once(this.checkDatabase);
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  /** Requests that come while a check runs share its answer, so that an open route cannot be used to load the database. */
  private once<T>(check: () => Promise<T>): Promise<T> {
    const asked = this.asking.get(check) as Promise<T> | undefined;
    if (asked) return asked;
    const asking = check().finally(() => this.asking.delete(check));
    this.asking.set(check, asking);
    return asking;
  }

  private readonly check = async (): Promise<ReadyView> => {
    const [database, queues] = await Promise.all([this.ofDatabase(), pingWithTimeout(this.queues.ping())]);
    if (database !== 'ok' || queues !== 'ok') throw new NotReadyError({ database, queues });
    return { status: 'ready', checks: { database, queues } };
  };

  private readonly checkDatabase = async (): Promise<ServingView> => {
    const database = await this.ofDatabase();
    if (database !== 'ok') throw new NotReadyError({ database });
    return { status: 'serving', checks: { database } };
  };

  private async ofDatabase(): Promise<Check> {
    if (this.stopping) throw new NotReadyError({ process: 'stopping' });
    const reachable = await pingWithTimeout(this.database.ping());
    return reachable === 'ok' && !this.schema.open ? 'schema_missing' : reachable;
  }
}
