import { issueInvoices } from '../demo/invoices/demo-invoices';
import { list, notFound, ok, sourceOf } from '../http/answer';
import type { EndpointGroup } from '../http/route';
import { type BillingEntry, centsOf, moneyText } from '../world/billing-records';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { monthName } from './invoices.endpoints';

/** The account and its SSH keys. */
export const accountEndpoints: EndpointGroup = {
  routes: [
    { method: 'GET', path: '/v2/account', handle: (world) => ok({ account: world.value('account') }) },
    {
      method: 'GET',
      path: '/v2/account/keys',
      handle: (world) =>
        list(
          'ssh_keys',
          sourceOf(world.collections.ssh_keys.all(), (key) => key),
        ),
    },
    {
      method: 'GET',
      path: '/v2/account/keys/:key',
      handle: (world, { params }) => {
        const key = findSshKey(world, params.key);
        if (key === undefined) throw notFound();
        return ok({ ssh_key: key });
      },
    },
  ],
};

/** Finds an SSH key by its id or by its fingerprint, in any letter case. */
export function findSshKey(world: World, wanted: unknown): OpaqueRecord | undefined {
  const text = String(wanted).toLowerCase();
  return world.collections.ssh_keys.all().find(({ id, fingerprint }) => String(id) === text || fingerprint === text);
}

const HOUR_MS = 3_600_000;
/** The monthly price is reached after 28 days. */
const CAP_H = 672;

/** Balance and billing history. Month-to-date usage is estimated from the current droplets; the real API also rebuilds it at times. */
export const billingEndpoints: EndpointGroup = {
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

/** All entries, newest first: the stored ones, and a row for each invoice without a stored row. */
function billingHistory(world: World): BillingEntry[] {
  issueInvoices(world);
  const stored = world.collections.billing_history.all();
  const listed = new Set(stored.flatMap(({ type, invoice_uuid }) => (type === 'Invoice' && invoice_uuid !== null ? [invoice_uuid] : [])));
  const derived = world.collections.invoices.all().flatMap((invoice): BillingEntry[] => {
    const { invoice_uuid, invoice_id, invoice_period, amount, issued_at, preview } = invoice;
    if (preview === true || listed.has(invoice_uuid)) return [];
    const description = `Invoice for ${monthName(invoice_period)}`;
    return [{ id: invoice_uuid, description, amount, invoice_id, invoice_uuid, date: issued_at, type: 'Invoice' }];
  });
  return [...stored, ...derived].sort((one, other) => Date.parse(other.date) - Date.parse(one.date));
}

/** An entry in the API's format: the ids of an invoice are omitted when the entry has none. */
function billingEntryView({ id: _id, invoice_id, invoice_uuid, ...entry }: BillingEntry): Record<string, unknown> {
  return { ...entry, ...(invoice_id !== null && { invoice_id }), ...(invoice_uuid !== null && { invoice_uuid }) };
}
