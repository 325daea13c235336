import { PriceWriter, type BackupPlan } from '#libs/catalog';
import { Database } from '#libs/database';
import { DigitalOcean, optionalRecord, optionalWholeNumber, record, type Fields } from '#libs/digitalocean';
import { errorFields } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import type { SweepRun } from './sweep';

const PER_PAGE = 200;
/** As many droplets as a list of the client may contain. */
const MOST_PAGES = 2_500;

/** Set-based: the living droplets that have backups, by the provider's id. $1 account. */
const WITH_BACKUPS = `
select r.provider_id, r.id
  from resource_prices p join cloud_resources r on r.id = p.resource_id
 where p.plan is not null and p.valid_to = 'infinity' and r.account_id = $1 and r.kind = 'droplet' and r.deleted_at is null`;

/**
 * Reads the backup plans of the account's droplets, which decide what their backups cost. Source: `GET /v2/droplets/backups/policies`, one call
 * for 200 droplets, with the hourly sweep of backups. A failure costs prices their latest plan and the sweep nothing.
 */
@Injectable()
export class BackupPolicies {
  private readonly log = new Logger(BackupPolicies.name);

  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly prices: PriceWriter,
  ) {}

  async read(run: SweepRun): Promise<void> {
    const rows = await this.database.query<{ provider_id: string; id: string }>(WITH_BACKUPS, [run.accountId]);
    if (rows.length === 0) return;
    try {
      const plans = await this.readPlans(run);
      const known = rows.flatMap(({ provider_id, id }) => {
        const plan = plans.get(provider_id);
        return plan ? [[id, plan] as const] : [];
      });
      await this.prices.setBackupPlans(this.database, new Map(known));
    } catch (error) {
      if (run.signal.aborted) throw error;
      this.log.warn({ event: 'backup_policies_failed', sweep_id: run.id, ...errorFields(error) });
    }
  }

  /** The response is an object with the droplets' ids as keys, so it is no list of the client. */
  private async readPlans({ purpose, fingerprint, signal, progress }: SweepRun): Promise<ReadonlyMap<string, BackupPlan>> {
    const plans = new Map<string, BackupPlan>();
    for (let page = 1, pages = 1; page <= Math.min(pages, MOST_PAGES); page += 1) {
      const query = { page: String(page), per_page: String(PER_PAGE) };
      const answer = await this.provider.get({
        purpose,
        fingerprint,
        signal,
        path: '/v2/droplets/backups/policies',
        query,
        parse: parsePage,
      });
      pages = Math.ceil(answer.total / PER_PAGE);
      for (const [id, plan] of answer.plans) plans.set(id, plan);
      await progress.addCounts({ calls: 1 });
    }
    return plans;
  }
}

/** A policy that cannot be read leaves its droplet with the plan that is known. */
export function parsePage(raw: unknown): { readonly plans: readonly (readonly [string, BackupPlan])[]; readonly total: number } {
  const page = record(raw, 'page');
  const policies: Fields = optionalRecord(page['policies'], 'policies') ?? {};
  const meta = optionalRecord(page['meta'], 'meta');
  const plans = Object.entries(policies).flatMap(([id, policy]) => {
    const plan = planOf(policy);
    return plan ? [[id, plan] as const] : [];
  });
  return { plans, total: (meta && optionalWholeNumber(meta, 'total')) ?? 0 };
}

function planOf(policy: unknown): BackupPlan | undefined {
  const { backup_policy: chosen } = (policy ?? {}) as { readonly backup_policy?: { readonly plan?: unknown } | null };
  return chosen?.plan === 'daily' || chosen?.plan === 'weekly' ? chosen.plan : undefined;
}
