import { setTimeout as sleep } from 'node:timers/promises';
import { signGuardianToken } from '#libs/identity';
import { until } from '../setup/until';
import type { PlantedSecrets } from './planted-secrets';

/** Longer than any answer may take, so that a frozen api costs no more than this. */
const PATIENCE_MS = 8_000;
const AGAIN_MS = 100;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Request {
  readonly as?: 'admin' | { readonly tenant: string };
  readonly body?: object;
  readonly key?: string;
}

/** Everybody who uses the api: notes what was answered, and looks through every answer. */
export class ApiClient {
  /** How often each status was answered; 0: nobody answered. */
  readonly statuses: Record<number, number> = {};
  /** Answers that no fault excuses: must stay empty. */
  readonly inexcusable: string[] = [];

  constructor(
    private readonly url: () => string,
    private readonly secrets: PlantedSecrets,
  ) {}

  /** Undefined when nobody answered. */
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
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const text = await answer.text();
      this.note(`${method} ${path}`, answer.status, text);
      return { status: answer.status, text };
    } catch {
      this.statuses[0] = (this.statuses[0] ?? 0) + 1;
      return undefined;
    }
  }

  /** What a 200 answered; undefined for everything else. */
  async get<T>(path: string, as?: Request['as']): Promise<T | undefined> {
    const answer = await this.ask('GET', path, { as });
    return answer?.status === 200 ? (JSON.parse(answer.text) as T) : undefined;
  }

  /** As a person would: again and again until there is an answer that says something. A repeated key makes it safe. */
  async insist(path: string, request: Request): Promise<Answer> {
    let said: Answer | undefined;
    await until(
      async () => {
        const answer = await this.ask('POST', path, request);
        if (answer && answer.status < 500 && answer.status !== 429) said = answer;
        else await sleep(AGAIN_MS);
        return said !== undefined;
      },
      { withinMs: 90_000, what: path },
    );
    if (!said) throw new Error(`${path} was not answered`);
    return said;
  }

  private note(what: string, status: number, text: string): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status >= 500 && status !== 503) this.inexcusable.push(`${what}: ${status} ${text.slice(0, 300)}`);
    this.secrets.lookIn(`answer to ${what}`, text);
  }
}
