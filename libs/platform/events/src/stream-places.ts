import { Database, lockTransaction } from '#libs/database';
import { errorFields } from '#libs/kernel';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { randomUUID } from 'node:crypto';

/** After kill -9 of a process its streams count for at most this time. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

/**
 * Fenced by the lock `streamPlaces`: streams of processes with a lapsed lease do not count. $1 process, $2 lease in ms, $3 tenants of its
 * open streams and of the new one, $4 tenant, $5 most streams of a tenant.
 */
const TAKE_PLACE = `
insert into event_stream_processes as p (id, lease_until, tenants)
select $1, clock_timestamp() + $2::float8 * interval '1 millisecond', $3::text[]
 where cardinality(array_positions($3::text[], $4)) <= $5::int - (
         select coalesce(sum(cardinality(array_positions(o.tenants, $4))), 0) from event_stream_processes o
          where o.id <> $1 and o.lease_until > clock_timestamp())
on conflict (id) do update set lease_until = excluded.lease_until, tenants = excluded.tenants
returning id`;

/** Fenced: it renews the lease of one process, also after another one has removed its row. $1 process, $2 lease in ms, $3 tenants. */
const SAVE_PLACES = `
with ended as (delete from event_stream_processes where lease_until < clock_timestamp() - interval '1 hour')
insert into event_stream_processes (id, lease_until, tenants) values ($1, clock_timestamp() + $2::float8 * interval '1 millisecond', $3::text[])
on conflict (id) do update set lease_until = excluded.lease_until, tenants = excluded.tenants`;

/**
 * Counts the open streams of each tenant over all processes, in `event_stream_processes`: a row per process under a lease by the database's
 * clock, so that an idle stream costs neither a connection nor a row that is written again. Only this class writes the table.
 */
@Injectable()
export class StreamPlaces implements OnModuleDestroy {
  private readonly log = new Logger('Streams');
  private readonly id = randomUUID();
  /** The tenant of each open stream of this process. */
  private readonly tenants: string[] = [];
  private last: Promise<unknown> = Promise.resolve();
  private saving: Promise<void> | undefined;
  private renewal: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {}

  /** Takes a place for one more stream of the tenant. False when it has `most` open streams, of all processes together. */
  take(tenantId: string, most: number): Promise<boolean> {
    return this.inTurn(async () => {
      const rows = await this.database.transaction(async (tx) => {
        await lockTransaction(tx, 'streamPlaces');
        return tx.query(TAKE_PLACE, [this.id, LEASE_MS, [...this.tenants, tenantId], tenantId, most]);
      });
      if (rows.length === 0) return false;
      this.tenants.push(tenantId);
      this.renewal ??= setInterval(() => this.save(), RENEW_MS).unref();
      return true;
    });
  }

  /** Gives a place back that was taken. While the database is away it counts until the next renewal. */
  free(tenantId: string): void {
    const at = this.tenants.indexOf(tenantId);
    if (at < 0) return;
    this.tenants.splice(at, 1);
    this.save();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.renewal);
    if (this.renewal === undefined) return;
    this.tenants.length = 0;
    const remove = () => this.database.query('delete from event_stream_processes where id = $1', [this.id]);
    await this.inTurn(remove).catch(() => undefined); // its lease lapses instead
  }

  /** Places that are given back at the same time are saved together. */
  private save(): void {
    this.saving ??= this.inTurn(() => {
      this.saving = undefined;
      return this.database.query(SAVE_PLACES, [this.id, LEASE_MS, this.tenants]);
    }).then(
      () => undefined,
      (error: unknown) => this.log.warn({ event: 'event_streams_failed', ...errorFields(error) }), // the next renewal saves again
    );
  }

  /** One statement of this process at a time: each contains all of its streams. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
