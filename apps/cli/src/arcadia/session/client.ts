import createClient from 'openapi-fetch';
import type { components, paths } from '#api-schema';
import { EXIT, exitCodeOf, Failure, usageError } from './failure';

/** Schemas of the API's document by name. */
export type Schemas = components['schemas'];

/** Where the API is, and the token for it. */
export interface Endpoint {
  readonly api: string;
  readonly token: string | undefined;
}

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

export type Client = ReturnType<typeof clientOf>;

/** The API by the types of its own document. Every call goes through `answered`. */
export function clientOf({ api, token }: Endpoint, signal: AbortSignal) {
  return createClient<paths>({ baseUrl: api, headers: authorization(token), signal });
}

export function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${checkedToken(token)}` };
}

/** Throws a usage error for a text that no header can carry: the error of `fetch` would print it. */
export function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError('The token has a blank, a line break or another character that no token has');
}

/** The body of a successful answer. Throws a `Failure` for a refusal and for an API that cannot be reached. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await reached(call);
  if (!response.ok) throw refusal(response, error);
  return data as T;
}

/** Passes a response on, and turns a connection that fails into a `Failure`. */
export async function reached<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Failure(EXIT.failed, `The API cannot be reached: ${cause}`, 'unreachable');
  }
}

/** The API may have done what was asked: the connection was lost, or a proxy answered in place of the API. */
export const hasUnknownOutcome = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'unreachable' || /^http_5\d\d$/.test(error.code));

export function refusal(response: Response, body: unknown): Failure {
  const known = (typeof body === 'object' && body !== null ? body : {}) as Partial<Schemas['Problem']>;
  const detail = known.detail ?? `The server answered ${response.status} without an explanation`;
  const requestId = known.request_id ?? response.headers.get('x-request-id');
  return new Failure(exitCodeOf(response.status), detail, known.code ?? `http_${response.status}`, requestId, known.errors);
}
