import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

/** Schemas of the API's document by name. */
export type Schemas = components['schemas'];
export type Resource = Schemas['ResourceResponse'];
export type ResourceDetail = Schemas['ResourceDetailResponse'];
export type ResourceEvent = Schemas['ResourceEventResponse'];
export type Saga = Schemas['SagaResponse'];
export type SagaStep = Schemas['SagaStepResponse'];
export type SagaTimeline = Schemas['SagaTimelineResponse'];
export type Sweep = Schemas['SweepResponse'];
export type Drift = Schemas['DriftResponse'];
export type Freshness = Pick<Schemas['InventorySummaryResponseAnswer'], 'as_of' | 'completeness'>;
export type Session = { readonly sub: string; readonly role: 'platform_admin' | 'tenant'; readonly tenant_id: string | null };

/** The api refuses a change with a session cookie unless it has this header, which a page of another site cannot send. */
const OWN_PAGE = { 'x-arcadia-csrf': '1' };

export const api = createClient<paths>({ baseUrl: '', headers: OWN_PAGE });

interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A refusal of the API, or status 0 when it could not be reached. `message` is the sentence for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly requestId: string | null,
    readonly errors: readonly FieldError[] = [],
    /** The whole answer: some refusals carry more, such as the limit that was exceeded. */
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of a successful answer. Throws `Problem` for everything else. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'unreachable', 'The server cannot be reached. What is on this page is kept.', null);
  }
  if (answer.response.ok) return answer.data as T;
  throw problemOf(answer.response, answer.error);
}

function problemOf(response: Response, body: unknown): Problem {
  const known = (typeof body === 'object' && body !== null ? body : {}) as Partial<Schemas['Problem']>;
  const detail = known.detail ?? `The server answered ${response.status}. Try again; if it stays so, tell an operator.`;
  const requestId = known.request_id ?? response.headers.get('x-request-id');
  return new Problem(response.status, known.code ?? 'unexpected', detail, requestId, known.errors ?? [], { ...known });
}

/** The routes of the session, which are no part of the public API. */
async function sessionCall(init: RequestInit): Promise<{ data: Session | null; production: boolean }> {
  const headers = { ...OWN_PAGE, ...(init.body ? { 'content-type': 'application/json' } : {}) };
  const call = fetch('/console/session', { ...init, headers }).then(async (response) => {
    const body: unknown = response.status === 204 ? undefined : await response.json();
    return { data: body, error: body, response };
  });
  return (await answered(call)) as { data: Session | null; production: boolean };
}

export const readSession = () => sessionCall({ method: 'GET' });
export const beginSession = (token: string) => sessionCall({ method: 'POST', body: JSON.stringify({ token }) });
export const endSession = () => sessionCall({ method: 'DELETE' });
