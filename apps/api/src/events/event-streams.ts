import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { EventReader, EVENTS_CHANNEL, matches, StreamPlaces, type EventFilters, type FoundEvent, type NumberedEvent } from '#libs/events';
import { bearerToken, guardianSession, UnauthenticatedError, type Scope } from '#libs/identity';
import { domainError, errorFields, ValidationFailedError } from '#libs/kernel';
import { gauge } from '#libs/observability';
import { TENANT_RIGHTS, TenantRegistry } from '#libs/tenants';
import { EventNames } from './event-names';
import { EventStream } from './event-stream';
import type { EventResponse } from './events.dto';

const EVENTS_PER_READ = 500;
/** Streams that read from the database at the same time. After a restart all of them come back at once. */
const MOST_CATCHING_UP = 4;
/** How often the ends of tokens are checked. */
const TICK_MS = 1_000;
const SEQUENCE = /^(0|[1-9]\d{0,15})$/;

class TooManyStreamsError extends domainError(
  'too_many_streams',
  'rate_limited',
  (most: number) => `The tenant has ${most} open streams of events already; end one of them first, or read GET /api/v1/events`,
) {
  override readonly retryAfterMs = 5_000;
}

/**
 * The open streams of this process. One connection listens for new numbers; each time, new events are read once and passed to every stream
 * with a scope that has them, so a stream costs neither a connection nor a query. The limit of a tenant holds over all processes. The scope is asked of each event: its owner at its time. A stream
 * that is behind reads from the database until it has caught up. [EVT-1, EVT-2]
 */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly log = new Logger('Streams');
  private readonly streams = new Set<EventStream>();
  private readonly waiting: EventStream[] = [];
  private catchingUp = 0;
  /** Everything up to this number has been read from the feed. */
  private position = 0;
  /** Everything up to this number has been passed to the live streams. */
  private passed = 0;
  private reading: Promise<void> | undefined;
  private isHeard = false;
  private starting: Promise<void> | undefined;
  private stopping = false;
  private ticker: NodeJS.Timeout | undefined;
  private heartbeatAtMs = 0;

  constructor(
    private readonly events: EventReader,
    private readonly names: EventNames,
    private readonly tenants: TenantRegistry,
    private readonly database: Database,
    private readonly places: StreamPlaces,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    gauge('arcadia_event_streams', 'Open streams of events of this process', [], () =>
      Promise.resolve([{ labels: {}, value: this.streams.size }]),
    );
  }

  /** Opens a stream, which stays open. Throws `TooManyStreamsError`, and `FeedArchivedError` for a number with archived events. */
  async open(request: Request, response: Response, scope: Scope, filters: EventFilters): Promise<void> {
    const { identity, events } = this.config;
    const { expiresAtMs } = guardianSession(tokenOf(request), identity.jwtSecret(), identity);
    const after = afterOf(request, filters);
    if (after !== undefined) await this.events.list(scope, { ...filters, after }, { limit: 1 });
    await this.start();
    if (scope.kind === 'tenant' && !(await this.places.take(scope.tenantId, events.streamsPerTenant)))
      throw new TooManyStreamsError(events.streamsPerTenant);
    const stream = new EventStream(response, scope, filters, expiresAtMs, after ?? this.position);
    if (response.destroyed) return this.leave(stream);
    response.once('close', () => this.leave(stream));
    stream.open();
    this.streams.add(stream);
    if (this.stopping) stream.end('stopping');
    else if (after === undefined) stream.isLive = true;
    else this.catchUp(stream);
  }

  /** At once with the signal: clients reconnect to another process. */
  onModuleDestroy(): void {
    this.stopping = true;
    clearInterval(this.ticker);
    for (const stream of this.streams) stream.end('stopping');
  }

  private leave(stream: EventStream): void {
    this.streams.delete(stream);
    if (stream.scope.kind === 'tenant') this.places.free(stream.scope.tenantId);
  }

  /** With the first stream: until then the process neither listens nor reads. */
  private async start(): Promise<void> {
    this.starting ??= this.begin();
    await this.starting.catch((error: unknown) => {
      this.starting = undefined; // the next request tries again
      throw error;
    });
    await this.hear();
  }

  private async begin(): Promise<void> {
    this.position = this.passed = await this.events.lastSequence();
    this.database.listen(EVENTS_CHANNEL, () => void this.hear());
    this.ticker = setInterval(() => this.tick(), Math.min(TICK_MS, this.config.events.heartbeatMs)).unref();
  }

  /** Reads what is new. A call during a read lets one more read follow. */
  private hear(): Promise<void> {
    this.isHeard = true;
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<void> {
    while (this.isHeard && !this.stopping) {
      this.isHeard = false;
      try {
        await this.readNew();
      } catch (error) {
        this.log.warn({ event: 'event_streams_failed', ...errorFields(error) }); // the next heartbeat reads again
      }
    }
  }

  private async readNew(): Promise<void> {
    if (this.streams.size === 0) {
      const last = await this.events.lastSequence();
      if (this.streams.size === 0) this.position = this.passed = last; // no stream needs what is before
    }
    for (;;) {
      const { events, last } = await this.events.next(this.position, EVENTS_PER_READ);
      if (last === this.position) return;
      this.position = last;
      await this.pass(events, last).finally(() => (this.passed = last));
    }
  }

  /** Each scope with a live stream sees the events once; equal filters share the text. */
  private async pass(events: readonly NumberedEvent[], last: number): Promise<void> {
    const scopes = new Map([...this.streams].map(({ scope }) => [keyOf(scope), scope]));
    for (const [key, scope] of scopes) {
      const seen = events.flatMap((event) => event.viewFor(scope) ?? []);
      if (seen.length === 0) continue;
      const named = await this.names.named(scope, seen).catch(() => undefined);
      const texts = new Map<string, string>();
      for (const stream of this.streams) {
        if (!stream.isLive || keyOf(stream.scope) !== key) continue;
        if (!named || stream.isBlocked) {
          this.fallBehind(stream);
          continue;
        }
        const wanted = named.filter((event, nth) => event.sequence > stream.sent && isWanted(seen[nth], stream.filters));
        stream.write(wanted.map((event) => textOf(event, texts)).join(''));
        stream.sent = Math.max(stream.sent, last);
      }
    }
    await this.endClosed(events.flatMap(({ type, tenantId }) => (type === 'tenant.changed' ? (tenantId ?? []) : [])));
  }

  /** Its events are not kept in memory: it reads them again once its socket takes more. */
  private fallBehind(stream: EventStream): void {
    stream.isLive = false;
    if (stream.isBlocked) stream.whenDrained(() => this.catchUp(stream));
    else this.catchUp(stream);
  }

  private catchUp(stream: EventStream): void {
    if (stream.isCatchingUp || stream.hasEnded) return;
    stream.isCatchingUp = true;
    this.waiting.push(stream);
    void this.catchUpNext();
  }

  private async catchUpNext(): Promise<void> {
    if (this.catchingUp >= MOST_CATCHING_UP) return;
    const stream = this.waiting.shift();
    if (!stream) return;
    this.catchingUp += 1;
    try {
      await this.readPast(stream);
    } catch (error) {
      this.log.warn({ event: 'event_streams_failed', ...errorFields(error) });
      stream.end('failed'); // the client reads on from its last event
    } finally {
      this.catchingUp -= 1;
      stream.isCatchingUp = false;
      if (!stream.isLive && !stream.hasEnded) this.fallBehind(stream);
      void this.catchUpNext();
    }
  }

  /** Ends when the stream is where all live ones are, or when its socket takes no more. */
  private async readPast(stream: EventStream): Promise<void> {
    while (!stream.hasEnded && !stream.isBlocked) {
      const { position } = this;
      const { data, page } = await this.events.list(stream.scope, { ...stream.filters, after: stream.sent }, { limit: EVENTS_PER_READ });
      const named = await this.names.named(stream.scope, data);
      stream.write(named.map((event) => textOf(event)).join(''));
      stream.sent = Math.max(stream.sent, data.at(-1)?.sequence ?? 0);
      if (page.next_cursor !== null) continue;
      stream.sent = Math.max(stream.sent, position); // the read began after these numbers were visible
      if (position === this.position) {
        stream.isLive = true;
        return;
      }
    }
  }

  private tick(): void {
    const nowMs = Date.now();
    const isHeartbeat = performance.now() - this.heartbeatAtMs >= this.config.events.heartbeatMs;
    for (const stream of this.streams) {
      if (stream.expiresAtMs <= nowMs) stream.end('token_expired');
      else if (isHeartbeat) stream.heartbeat(this.passed);
    }
    if (!isHeartbeat) return;
    this.heartbeatAtMs = performance.now();
    if (this.streams.size === 0) return;
    void this.hear(); // a notification may have been lost
    const tenants = [...this.streams].flatMap(({ scope }) => (scope.kind === 'tenant' ? scope.tenantId : []));
    void this.endClosed(tenants).catch(() => undefined); // the next heartbeat asks again
  }

  private async endClosed(tenantIds: readonly string[]): Promise<void> {
    for (const tenantId of new Set(tenantIds)) {
      const streams = this.ofTenant(tenantId);
      const standing = streams.length > 0 ? await this.tenants.standingOf(tenantId, { fresh: true }) : undefined;
      if (standing && !TENANT_RIGHTS[standing.status].reads) for (const stream of streams) stream.end('tenant_closed');
    }
  }

  private ofTenant(tenantId: string): EventStream[] {
    return [...this.streams].filter(({ scope }) => scope.kind === 'tenant' && scope.tenantId === tenantId);
  }
}

const isWanted = (event: FoundEvent | undefined, filters: EventFilters) => event !== undefined && matches(event, filters);

const keyOf = (scope: Scope): string => (scope.kind === 'tenant' ? `tenant ${scope.tenantId}` : 'platform');

function tokenOf(request: Request): string {
  const token = bearerToken(request);
  if (token === null) throw new UnauthenticatedError();
  return token;
}

/** The header of a client that reads on wins: browsers repeat the address of the first request. */
function afterOf(request: Request, { after }: EventFilters): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return after;
  if (typeof header !== 'string' || !SEQUENCE.test(header))
    throw new ValidationFailedError([{ field: 'Last-Event-ID', message: 'must be the id of an event of this stream' }]);
  return Number(header);
}

/** Types and numbers have no line breaks, and JSON has none. */
function textOf(event: EventResponse, known?: Map<string, string>): string {
  const key = String(event.sequence);
  const text = known?.get(key) ?? `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  known?.set(key, text);
  return text;
}
