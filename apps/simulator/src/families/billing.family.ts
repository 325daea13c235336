import { ok } from '../http/answer';
import type { Family } from '../http/route';
import type { World } from '../world/world';

const HOUR_MS = 3_600_000;
/** The monthly price is reached after 28 days. */
const CAP_H = 672;

/** What the account owes. The usage is an estimate from the droplets of the day; the real one is rebuilt now and then too. */
export const billingFamily: Family = {
  routes: [{ method: 'GET', path: '/v2/customers/my/balance', handle: (world) => ok(balance(world)) }],
};

function balance(world: World) {
  const accountCents = cents(world.value('settings').account_balance ?? '0.00');
  const usageCents = world.collections.droplets.all().reduce((sum, droplet) => sum + usedCents(world, droplet), 0);
  return {
    month_to_date_balance: money(accountCents + usageCents),
    account_balance: money(accountCents),
    month_to_date_usage: money(usageCents),
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

function cents(text: string): number {
  const [, sign = '', whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(whole) * 100 + Number(part.padEnd(2, '0')));
}

function money(amountCents: number): string {
  const digits = String(Math.abs(amountCents)).padStart(3, '0');
  return `${amountCents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
