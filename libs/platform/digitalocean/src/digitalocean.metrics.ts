import { TOKEN_PURPOSES, type Config } from '#libs/config';
import type { DatabaseGauge } from '#libs/database';
import { fingerprintOf } from './rate-limit.store';

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
