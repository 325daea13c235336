import type { Request, Response } from 'express';
import { createHash, randomUUID } from 'node:crypto';
import { type FaultedRequest, type FaultEngine, playAfter, playBefore } from '../faults/fault-engine';
import { type FaultRule, renderAnswer, type RenderedAnswer } from '../faults/rule';
import { FINANCE_PREFIX } from '../finance/finance.endpoints';
import { type Answer, notFound, ok, ProviderRefusal, type ProviderRequest, type RouteTable } from '../http/route';
import operations from '../http/documented-operations.json';
import type { Ledger, LedgerEntry } from '../http/ledger';
import type { World } from '../world/world';
import { DEFAULT_LIMITS, type Limits } from '../world/state';

/** The provider's error response for a refusal. */
function refusalAnswer(refusal: ProviderRefusal, requestId: string): Answer {
  const body = refusal.body ?? { id: refusal.id, message: refusal.message, request_id: requestId };
  return { kind: 'json', status: refusal.status, body };
}

function writeAnswer(response: Response, { status, type, text, headers }: RenderedAnswer): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

/** One request in progress, with its response, its ledger entry and its fired faults. */
interface Exchange {
  request: ProviderRequest;
  fingerprint: string;
  response: Response;
  entry: LedgerEntry;
  fired: FaultRule[];
}

/** Serves the simulated API in this order: token, rate windows, faults, endpoint, response. The ledger records every request. */
export class ProviderApi {
  private windows = new Map<string, RateWindow>();

  constructor(
    private readonly world: World,
    private readonly routes: RouteTable,
    private readonly faults: FaultEngine,
    private readonly ledger: Ledger,
  ) {}

  /** Resets the rate windows of all tokens. */
  reset(): void {
    this.windows = new Map();
  }

  readonly handle = async (req: Request, response: Response): Promise<void> => {
    const exchange = this.open(req, response);
    try {
      this.admit(exchange);
      await this.serve(exchange);
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) console.error('The simulator failed:', error);
      const refusal =
        error instanceof ProviderRefusal ? error : new ProviderRefusal('server_error', 'Server was unable to give you a response.');
      this.send(exchange, this.render(exchange, refusalAnswer(refusal, exchange.entry.request_id)));
    }
  };

  private open(req: Request, response: Response): Exchange {
    const url = new URL(req.originalUrl, 'http://simulator');
    const path = url.pathname.replace(/\/+$/, '') || '/';
    const baseUrl = this.world.value('settings').public_url ?? `http://${req.headers.host ?? 'localhost'}`;
    const token = /^Bearer\s+(\S+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
    const request = {
      method: req.method,
      path,
      query: Object.fromEntries(url.searchParams),
      body: parseJson(req.body),
      params: {},
      token,
      receivedAtMs: Date.now(),
      isConfirmed: req.headers['x-dangerous'] === 'true',
      baseUrl,
    };
    const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12);
    const entry = this.ledger.openEntry({
      at: new Date(this.world.nowMs).toISOString(),
      method: request.method,
      path,
      query: request.query,
      token_fingerprint: token === '' ? null : fingerprint,
      request_id: randomUUID(),
    });
    response.setHeader('x-request-id', entry.request_id);
    return { request, fingerprint, response, entry, fired: [] };
  }

  /** Refuses a request with 401 or 429; a refusal does not count in the windows. The finance service checks its tokens itself. */
  private admit({ request: { method, path, token }, response }: Exchange): void {
    if (path.startsWith(FINANCE_PREFIX)) return;
    const accepted = this.world.value('tokens').includes(token);
    const limits = this.world.value('limits');
    const window = (accepted ? this.windows.get(token) : undefined) ?? new RateWindow();
    if (accepted) this.windows.set(token, window);
    const own = PATH_LIMITS.find((one) => (one.method ?? method) === method && one.pattern.test(path));
    const decision = window.admit(this.world.nowMs, limits, own);
    response.setHeader('ratelimit-limit', decision.limit);
    response.setHeader('ratelimit-remaining', decision.remaining);
    response.setHeader('ratelimit-reset', decision.resetSeconds);
    if (!accepted) throw new ProviderRefusal('unauthorized', 'Unable to authenticate you.');
    if (decision.allowed) return;
    if (decision.retryAfterSeconds !== undefined) response.setHeader('retry-after', decision.retryAfterSeconds);
    throw new ProviderRefusal('too_many_requests', 'API Rate limit exceeded.');
  }

  private async serve(exchange: Exchange): Promise<void> {
    const { request, fingerprint, response, entry } = exchange;
    exchange.fired = this.faults.fire({ ...request, tokenFingerprint: fingerprint });
    entry.faults = exchange.fired.map((rule) => rule.id);
    const abandoned = new AbortController();
    response.once('close', () => abandoned.abort());
    const faulted: FaultedRequest = { abandoned: abandoned.signal, commitLater: (ms) => this.commitLater(request, ms) };

    const before = await playBefore(this.faults, exchange.fired, faulted);
    if (before.type === 'drop') return this.drop(exchange);
    if (before.type === 'answer') return this.send(exchange, this.render(exchange, before.answer));
    const answer = this.render(exchange, this.execute(request, entry.request_id));
    const after = await playAfter(this.faults, exchange.fired, faulted);
    if (after.type === 'drop') return this.drop(exchange);
    this.send(exchange, after.type === 'answer' ? this.render(exchange, after.answer) : answer);
  }

  private execute(request: ProviderRequest, requestId: string): Answer {
    this.world.settle();
    try {
      return handleRequest(this.routes, this.world, request);
    } catch (error) {
      if (error instanceof ProviderRefusal) return refusalAnswer(error, requestId);
      throw error;
    } finally {
      this.world.commit();
    }
  }

  private commitLater(request: ProviderRequest, ms: number): void {
    const data = { ...request };
    this.world.at(this.world.nowMs + ms, LATE_REQUEST, request.path, data);
    this.world.commit();
  }

  private render({ request, fired }: Exchange, answer: Answer): RenderedAnswer {
    return renderAnswer(answer, request, fired, () => this.faults.draw());
  }

  private send({ response, entry }: Exchange, answer: RenderedAnswer): void {
    if (response.destroyed || response.headersSent) return;
    entry.status = answer.status;
    writeAnswer(response, answer);
  }

  /** Breaks the connection: by a TCP reset for `reset`, otherwise by closing it. */
  private drop({ response, fired }: Exchange): void {
    if (fired.some(({ effect }) => effect.type === 'reset')) response.socket?.resetAndDestroy();
    else response.socket?.destroy();
  }
}

/** Type of the pending event that executes a request after its response was sent. */
export const LATE_REQUEST = 'late_request';

/** Executes a request by its endpoint; a HEAD is a GET without its body, which Node leaves out. Throws the 404 of an unknown path. */
export function handleRequest(routes: RouteTable, world: World, request: ProviderRequest): Answer {
  const found = routes.find(request.method === 'HEAD' ? 'GET' : request.method, request.path);
  if (found === undefined) return notSimulated(request);
  return found.route.handle(world, { ...request, params: found.params });
}

/** The documented operations without a route, so that no client takes a missing endpoint for a missing object. */
const DOCUMENTED = Object.entries(operations).map(([operation, id]) => {
  const [method = '', path = ''] = operation.split(' ');
  return { method, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`), id };
});

/**
 * 501 with the operation's id for a documented operation that the simulator does not play. The real API has no such answer. Throws the 404
 * of an unknown path.
 */
function notSimulated({ method, path }: ProviderRequest): Answer {
  const operation = DOCUMENTED.find((one) => one.method === method && one.pattern.test(path));
  if (operation === undefined) throw notFound();
  const message = `The simulator does not play this operation of DigitalOcean's document: ${operation.id}`;
  return ok({ id: 'not_simulated', message, operation_id: operation.id }, 501);
}

function parseJson(text: unknown): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Whether a request is allowed, with the values of the `ratelimit-*` headers. */
interface RateDecision {
  allowed: boolean;
  limit: number;
  /** Requests left in the hour; 0 when refused. */
  remaining: number;
  /** When the *oldest* request leaves the hour window, in Unix seconds: sleeping until then frees one request, not the whole quota. */
  resetSeconds: number;
  /** Set when the minute limit or the limit of the path is exceeded, to the longer wait where both are: the real API sends no retry-after for the hour limit. */
  retryAfterSeconds?: number;
}

/** A limit of some paths. It changes in proportion when the minute limit of the simulator is changed. */
interface PathLimit {
  readonly pattern: RegExp;
  /** Absent: requests of every method count. */
  readonly method?: 'GET';
  readonly most: number;
  readonly windowMs: number;
}

/** Source: docs/digitalocean-facts.md 2.5. */
const PATH_LIMITS: readonly PathLimit[] = [
  { pattern: /^\/v2\/account\/keys$/, method: 'GET', most: 10, windowMs: MINUTE_MS },
  { pattern: /^\/v2\/cdn\/endpoints(\/|$)/, most: 5, windowMs: 10_000 },
];

const secondsUntil = (ms: number, nowMs: number) => Math.max(1, Math.ceil((ms - nowMs) / 1000));

/** The sliding minute and hour windows of one token, and those of paths with a limit of their own. Refused requests do not count. */
export class RateWindow {
  private times: number[] = [];
  private readonly ofPath = new Map<PathLimit, number[]>();
  private hourStart = 0;
  private minuteStart = 0;

  admit(nowMs: number, limits: Limits, own?: PathLimit): RateDecision {
    this.slide(nowMs);
    const wait = own && this.waitOf(own, nowMs, limits);
    const inHour = this.times.length - this.hourStart;
    const inMinute = this.times.length - this.minuteStart;
    const burst = inMinute >= limits.per_minute;
    const allowed = !burst && inHour < limits.per_hour && wait === undefined;
    const waitOfMinute = burst ? secondsUntil((this.times[this.minuteStart] ?? nowMs) + MINUTE_MS, nowMs) : undefined;
    if (allowed) this.times.push(nowMs);
    if (allowed && own) this.ofPath.get(own)?.push(nowMs);
    const oldest = this.times[this.hourStart] ?? nowMs;
    return {
      allowed,
      limit: limits.per_hour,
      remaining: allowed ? limits.per_hour - inHour - 1 : 0,
      resetSeconds: Math.ceil((oldest + HOUR_MS) / 1000),
      ...((wait ?? waitOfMinute) !== undefined && { retryAfterSeconds: Math.max(wait ?? 0, waitOfMinute ?? 0) }),
    };
  }

  /** The seconds until the oldest request leaves the window of the path; undefined while there is room. */
  private waitOf(limit: PathLimit, nowMs: number, { per_minute }: Limits): number | undefined {
    const times = (this.ofPath.get(limit) ?? []).filter((at) => at > nowMs - limit.windowMs);
    this.ofPath.set(limit, times);
    const most = Math.ceil((limit.most * per_minute) / DEFAULT_LIMITS.per_minute);
    return times.length < most ? undefined : secondsUntil((times[0] ?? nowMs) + limit.windowMs, nowMs);
  }

  private slide(nowMs: number): void {
    while ((this.times[this.hourStart] ?? Infinity) <= nowMs - HOUR_MS) this.hourStart += 1;
    this.minuteStart = Math.max(this.minuteStart, this.hourStart);
    while ((this.times[this.minuteStart] ?? Infinity) <= nowMs - MINUTE_MS) this.minuteStart += 1;
    if (this.hourStart < 10_000) return;
    this.times = this.times.slice(this.hourStart);
    this.minuteStart -= this.hourStart;
    this.hourStart = 0;
  }
}
