import { setTimeout as sleep } from 'node:timers/promises';
import { signGuardianToken } from '#libs/identity';
import type { PlantedSecrets } from './planted-secrets';

/** This exceeds the duration of any response, so that a frozen api delays a caller by no more than this. */
const REQUEST_TIMEOUT_MS = 8_000;
const AGAIN_MS = 100;
const LONGEST_INSISTING_MS = 180_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Request {
  readonly as?: 'admin' | { readonly tenant: string };
  readonly body?: object;
  readonly key?: string;
}

/** The client of all callers of the api. It counts statuses and scans every response for planted secrets. */
export class ApiClient {
  /** The number of responses by status. Status 0 counts requests without a response. */
  readonly statuses: Record<number, number> = {};
  /** Responses that no fault excuses. The list must stay empty. */
  readonly inexcusable: string[] = [];

  private readonly insisting = new Set<{ readonly beganMs: number }>();

  constructor(
    private readonly url: () => string,
    private readonly secrets: PlantedSecrets,
  ) {}

  /** The number of requests that succeeded. */
  get succeeded(): number {
    return Object.entries(this.statuses).reduce((sum, [status, times]) => sum + (status.startsWith('2') ? times : 0), 0);
  }

  /** How long the request that is repeated longest has been repeated; 0 for none. */
  get longestInsistingMs(): number {
    return Math.max(0, ...[...this.insisting].map(({ beganMs }) => performance.now() - beganMs));
  }

  /** Returns undefined when there was no response. */
  async ask(method: 'GET' | 'POST', path: string, { as = 'admin', body, key }: Request = {}): Promise<Answer | undefined> {
    const claims = as === 'admin' ? { sub: 'ops', roles: ['platform_admin'] } : { sub: `${as.tenant}-user`, tenantId: as.tenant };
    try {
      const answer = await fetch(`${this.url()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${signGuardianToken(this.secrets.jwtSecret, claims)}`,
          ...(method === 'POST' && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const text = await answer.text();
      this.note(`${method} ${path}`, answer.status, text);
      return { status: answer.status, text };
    } catch {
      this.statuses[0] = (this.statuses[0] ?? 0) + 1;
      return undefined;
    }
  }

  /** Returns the body of a 200, or undefined for every other status. */
  async get<T>(path: string, as?: Request['as']): Promise<T | undefined> {
    const answer = await this.ask('GET', path, { as });
    return answer?.status === 200 ? (JSON.parse(answer.text) as T) : undefined;
  }

  /** Repeats a request until it gets a definite response, as a person would. The idempotency key makes the repetition safe. */
  async insist(path: string, request: Request): Promise<Answer> {
    let last: Answer | undefined;
    const insisting = { beganMs: performance.now() };
    this.insisting.add(insisting);
    try {
      while (performance.now() < insisting.beganMs + LONGEST_INSISTING_MS) {
        const answer = await this.ask('POST', path, request);
        if (answer && answer.status < 500 && answer.status !== 429) return answer;
        last = answer ?? last;
        await sleep(AGAIN_MS); // a person who repeats a request waits first
      }
    } finally {
      this.insisting.delete(insisting);
    }
    throw new Error(`${path} was not accepted for ${LONGEST_INSISTING_MS} ms; the last answer: ${last?.status} ${last?.text}`);
  }

  private note(what: string, status: number, text: string): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status >= 500 && status !== 503) this.inexcusable.push(`${what}: ${status} ${text.slice(0, 300)}`);
    this.secrets.scan(`response to ${what}`, text);
  }
}
