import { TOKEN_PURPOSES, type Config, type TokenPurpose } from '#libs/config';
import type { DatabaseGauge } from '#libs/database';
import { counter, histogram, inSpan } from '#libs/observability';
import { fingerprintOf, type CallOutcome } from './rate-limit.store';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const calls = counter(
  'arcadia_provider_calls_total',
  'Calls to the provider by outcome: refused is a 4xx, failed a 5xx or no usable response',
  ['purpose', 'outcome'],
  TOKEN_PURPOSES.map((purpose) => ({ purpose, outcome: 'limited' })),
);
const times = histogram(
  'arcadia_provider_call_seconds',
  'Time of one call to the provider, from sending to the last byte',
  ['purpose'],
  SECONDS,
);

/** The facts of a call that may be logged. Ids in the path are masked; query and body are not part of it. */
export interface CallFacts {
  readonly purpose: TokenPurpose;
  readonly method: string;
  readonly path: string;
}

/** Makes one call within a trace span and counts it by outcome. `call` must pass its outcome to `recordOutcome`. */
export function recordCall<T>(
  { purpose, method, path }: CallFacts,
  call: (recordOutcome: (outcome: CallOutcome) => void) => Promise<T>,
): Promise<T> {
  const template = templateOf(path);
  const attributes = { 'http.request.method': method, 'url.template': template, 'arcadia.purpose': purpose };
  return inSpan({ name: `${method} ${template}`, kind: 'client', attributes }, (span) => {
    const beganMs = performance.now();
    return call((outcome) => {
      calls.inc({ purpose, outcome });
      times.observe({ purpose }, (performance.now() - beganMs) / 1_000);
      span.set({ 'arcadia.outcome': outcome });
    });
  });
}

/** `/v2/droplets/:id/actions`: path segments that are words of the API stay, every other segment is an id or a name. */
function templateOf(path: string): string {
  return path
    .split('/')
    .map((part) => (/^([a-z_]{1,30}|v2|)$/.test(part) ? part : ':id'))
    .join('/');
}

/** $1 purposes, $2 the fingerprint of the current token of each purpose; purposes may share a token. Both are empty without a token. */
function currentTokens({ provider }: Config): readonly unknown[] {
  const { token } = provider;
  const purposes = token ? TOKEN_PURPOSES : [];
  return [purposes, purposes.map((purpose) => (token ? fingerprintOf(token(purpose)) : ''))];
}

/** The calls that the rate limiter would still grant, and the states that keep it from granting. [OPS-1] [OPS-2] */
export const PROVIDER_METRICS: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_provider_budget_remaining',
    help: 'Calls that the token of a purpose has left in the window, the reserved share of provisioning included',
    labels: ['purpose', 'window'],
    sql: `select p.purpose, w.name as "window", greatest(0, w.rate - count(c.id)) as value
            from unnest($1::text[], $2::text[]) p(purpose, fingerprint)
           cross join (values ('minute', $3::int, $4::float8), ('hour', $5::int, $6::float8)) w(name, rate, length_ms)
            left join provider_calls c on c.fingerprint = p.fingerprint and c.ends_at > clock_timestamp() - w.length_ms * interval '1 millisecond'
           group by p.purpose, w.name, w.rate`,
    values: (config) => {
      const { ratePerMinute, minuteWindowMs, ratePerHour, hourWindowMs } = config.provider;
      return [...currentTokens(config), ratePerMinute, minuteWindowMs, ratePerHour, hourWindowMs];
    },
  },
  {
    name: 'arcadia_provider_breaker_open',
    help: '1 while the circuit breaker of the token of a purpose is open: the provider fails, and only a few probes are sent',
    labels: ['purpose'],
    sql: `select p.purpose, case when t.open_since is null then 0 else 1 end as value
            from unnest($1::text[], $2::text[]) p(purpose, fingerprint) left join provider_tokens t using (fingerprint)`,
    values: currentTokens,
  },
  {
    name: 'arcadia_provider_token_rejected',
    help: '1 while the provider refuses the token of a purpose (401)',
    labels: ['purpose'],
    sql: `select p.purpose, case when t.rejected_at is null then 0 else 1 end as value
            from unnest($1::text[], $2::text[]) p(purpose, fingerprint) left join provider_tokens t using (fingerprint)`,
    values: currentTokens,
  },
];
