import { list, ok, sourceOf } from '../http/answer';
import type { Family } from '../http/route';
import { centsOf, moneyText } from '../world/money';
import type { World } from '../world/world';
import { billingEntryView, billingHistory } from './billing-history';

const HOUR_MS = 3_600_000;
/** The monthly price is reached after 28 days. */
const CAP_H = 672;

/** What the account owes, and what it was asked for, has paid and was given. The usage is an estimate from the droplets of the day; the real one is rebuilt now and then too. */
export const billingFamily: Family = {
  routes: [
    { method: 'GET', path: '/v2/customers/my/balance', handle: (world) => ok(balance(world)) },
    {
      method: 'GET',
      path: '/v2/customers/my/billing_history',
      handle: (world) => list('billing_history', sourceOf(billingHistory(world), billingEntryView)),
    },
  ],
};

function balance(world: World) {
  const accountCents = centsOf(world.value('settings').account_balance ?? '0.00') ?? 0;
  const usageCents = world.collections.droplets.all().reduce((sum, droplet) => sum + usedCents(world, droplet), 0);
  return {
    month_to_date_balance: moneyText(accountCents + usageCents),
    account_balance: moneyText(accountCents),
    month_to_date_usage: moneyText(usageCents),
    generated_at: world.now,
  };
}

/** Started hours of this month up to the cap, in whole cents. */
function usedCents(world: World, { size_slug, created_at }: { size_slug: string; created_at: string }): number {
  const monthly = world.collections.sizes.get(size_slug)?.price_monthly ?? 0;
  const now = new Date(world.now);
  const fromMs = Math.max(Date.parse(created_at), Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const hours = Math.min(CAP_H, Math.ceil(Math.max(0, now.getTime() - fromMs) / HOUR_MS));
  return Math.floor((Math.round(monthly * 100) * hours) / CAP_H);
}
