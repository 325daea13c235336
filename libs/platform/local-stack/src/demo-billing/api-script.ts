import { setTimeout as sleep } from 'node:timers/promises';
import { httpCall, type HttpMethod } from '../running-system';

export type Json = Readonly<Record<string, unknown>>;

/** One bulk change of a month takes a second or two. */
const CALL_LIMIT_MS = 60_000;
/** The api may be starting again. */
const RETRY_MS = 500;
const MOST_TRIES = 60;
const MOST_PAGES = 100;

/** The system is being stopped. The next start goes on. */
export class ScriptStoppedError extends Error {}

/** Calls the API as a script does. A call without an answer, or with a failure of the server, is repeated: write only what may be written twice. */
export class ApiScript {
  constructor(
    private readonly root: string,
    private readonly token: string,
    private readonly isStopping: () => boolean,
  ) {}

  /** The `data` of a single object. */
  async one(path: string): Promise<Json> {
    return (await this.call('GET', path)).data as Json;
  }

  /** All pages of a list. */
  async list(path: string): Promise<Json[]> {
    const items: Json[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null && page < MOST_PAGES; page += 1) {
      const next: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await this.call('GET', `${path}${path.includes('?') ? '&' : '?'}${LIMIT}${next}`);
      items.push(...((answer.data as readonly Json[] | undefined) ?? []));
      cursor = (answer.page as { next_cursor: string | null } | undefined)?.next_cursor ?? null;
    }
    return items;
  }

  async post(path: string, body: Json): Promise<Json> {
    return ((await this.call('POST', path, body)).data ?? {}) as Json;
  }

  async put(path: string, body: Json): Promise<void> {
    await this.call('PUT', path, body);
  }

  async patch(path: string, body: Json): Promise<void> {
    await this.call('PATCH', path, body);
  }

  /** Works on `atOnce` items at the same time. */
  async each<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
    const waiting = [...items];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  /** Asks again until the answer is there. */
  async until<T>(everyMs: number, ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(everyMs);
    }
  }

  /** Throws `ScriptStoppedError`, and an error with the problem for a refused call. */
  private async call(method: HttpMethod, path: string, body?: Json): Promise<Json> {
    for (let tries = 1; ; tries += 1) {
      if (this.isStopping()) throw new ScriptStoppedError('stopped');
      const answer = await httpCall(`${this.root}/${path}`, method, { token: this.token, body, limitMs: CALL_LIMIT_MS });
      const { status = 0, body: text = '' } = answer ?? {};
      if (status >= 200 && status < 300) return text === '' ? {} : (JSON.parse(text) as Json);
      if (tries >= MOST_TRIES || (status >= 400 && status < 500 && status !== 429)) {
        const { code, detail } = (text.startsWith('{') ? JSON.parse(text) : {}) as { code?: string; detail?: string };
        throw new Error(`${method} /${path.split('?')[0]}: ${status} ${code ?? 'no answer'}${detail ? `: ${detail}` : ''}`);
      }
      await sleep(RETRY_MS);
    }
  }
}

const LIMIT = 'limit=200';
