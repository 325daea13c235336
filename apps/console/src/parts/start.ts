import { answered, api, type Saga } from '../client/client';
import type { Plan } from './plan-card';

/** What is started: a kind with its input. */
export interface StartBody {
  readonly kind: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly reason?: string | undefined;
}

/** Asks what a start would do. Nothing is changed. */
export const planStart = (body: StartBody) =>
  answered(api.POST('/api/v1/sagas', { params: { query: { dry_run: 'true' } }, body: body as never })) as Promise<unknown> as Promise<{
    data: Plan;
  }>;

/** Starts what was planned: once for a key, and only while the plan of the hash still holds. */
export function startSaga(body: StartBody, hash: string | undefined, key: string) {
  const whole = { ...body, ...(hash && { plan_hash: hash }) };
  return answered(api.POST('/api/v1/sagas', { body: whole as never, headers: { 'idempotency-key': key } })) as Promise<unknown> as Promise<{
    data: Saga;
  }>;
}
