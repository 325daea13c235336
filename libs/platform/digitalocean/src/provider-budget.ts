import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, TOKEN_PURPOSES, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { fingerprintOf } from './rate-limit.store';

export type TokenState = 'ok' | 'blocked' | 'recovering' | 'open' | 'rejected';

/** One provider token: what it has left, and whether its calls are sent. The token itself is stored nowhere. [TEN-8] */
export interface TokenBudget {
  /** The purposes that use it, as far as this process knows tokens; several may share one. */
  readonly purposes: readonly string[];
  readonly minute_left: number;
  readonly hour_left: number;
  readonly state: TokenState;
  /** Since when the state is not `ok`. Null for `ok` and for a pause that a 429 asked for. */
  readonly since: string | null;
  /** The end of the pause that the latest 429 asked for, also when it is over; null without one. */
  readonly blocked_until: string | null;
}

export interface ProviderBudgetView {
  readonly per_minute: number;
  readonly per_hour: number;
  /** The share of both that only provisioning may use. */
  readonly reserved_share: number;
  readonly tokens: readonly TokenBudget[];
}

/** The functions of the rate limiter keep this share free for provisioning. */
const RESERVED_SHARE = 0.2;

interface BudgetRow extends Omit<TokenBudget, 'purposes'> {
  readonly fingerprint: string;
}

/** Set-based: counts the calls in both windows of each token that is configured here or has called within the hour. */
const BUDGETS = `
  select t.fingerprint, greatest(0, $1::int - c.minute)::int as minute_left, greatest(0, $2::int - c.hour)::int as hour_left,
         case when t.rejected_at is not null then 'rejected' when t.open_since is not null then 'open'
              when t.recovering_since is not null then 'recovering' when t.blocked_until > clock_timestamp() then 'blocked' else 'ok' end as state,
         coalesce(t.rejected_at, t.open_since, t.recovering_since) as since, t.blocked_until
    from provider_tokens t
   cross join lateral (
     select count(*) filter (where ends_at > clock_timestamp() - $3::float8 * interval '1 millisecond') as minute,
            count(*) filter (where ends_at > clock_timestamp() - $4::float8 * interval '1 millisecond') as hour
       from provider_calls where fingerprint = t.fingerprint) c
   where c.hour > 0 or t.fingerprint = any ($5::text[])
   order by t.fingerprint`;

/** What the rate limiter and the breaker know, for people. It decides nothing. */
@Injectable()
export class ProviderBudget {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async get(): Promise<ProviderBudgetView> {
    const { ratePerMinute, ratePerHour, minuteWindowMs, hourWindowMs, token } = this.config.provider;
    const purposes = token ? TOKEN_PURPOSES.map((purpose) => ({ purpose, fingerprint: fingerprintOf(token(purpose)) })) : [];
    const known = [...new Set(purposes.map(({ fingerprint }) => fingerprint))];
    const rows = await this.database.query<BudgetRow>(BUDGETS, [ratePerMinute, ratePerHour, minuteWindowMs, hourWindowMs, known]);
    return {
      per_minute: ratePerMinute,
      per_hour: ratePerHour,
      reserved_share: RESERVED_SHARE,
      tokens: rows.map(({ fingerprint, ...budget }) => ({
        purposes: purposes.filter((one) => one.fingerprint === fingerprint).map(({ purpose }) => purpose),
        ...budget,
      })),
    };
  }
}
