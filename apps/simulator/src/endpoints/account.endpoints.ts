import { issueInvoices } from '../demo/invoices/demo-invoices';
import {
  type Answer,
  badRequest,
  type EndpointGroup,
  list,
  noContent,
  notFound,
  objectBody,
  ok,
  pageOf,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
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
    { method: 'POST', path: '/v2/account/keys', handle: createSshKey },
    { method: 'PUT', path: '/v2/account/keys/:key', handle: renameSshKey },
    { method: 'DELETE', path: '/v2/account/keys/:key', handle: deleteSshKey },
  ],
};

function createSshKey(world: World, request: ProviderRequest): Answer {
  const { name, public_key: key } = objectBody(request);
  if (typeof name !== 'string' || name === '') throw unprocessable('name is required');
  if (typeof key !== 'string' || !/^(ssh-|ecdsa-)\S+ \S+/.test(key))
    throw unprocessable('Key invalid, key should be of the format `type key [comment]`');
  const keys = world.collections.ssh_keys;
  if (keys.all().some((known) => known.public_key === key)) throw unprocessable('SSH Key is already in use on your account');
  const fingerprint = world.random
    .uuid()
    .replaceAll('-', '')
    .replaceAll(/(..)(?=.)/g, '$1:');
  const id = Math.max(512_000, ...keys.all().map((known) => Number(known.id))) + 1;
  return ok({ ssh_key: keys.put({ id, fingerprint, public_key: key, name }) }, 201);
}

function deleteSshKey(world: World, { params }: ProviderRequest): Answer {
  const wanted = params.key ?? '';
  const key = world.collections.ssh_keys.all().find(({ id, fingerprint }) => String(id) === wanted || fingerprint === wanted);
  if (key === undefined) throw notFound();
  world.collections.ssh_keys.remove(Number(key.id));
  return noContent;
}

function renameSshKey(world: World, request: ProviderRequest): Answer {
  const key = findSshKey(world, request.params.key);
  if (key === undefined) throw notFound();
  const { name } = objectBody(request);
  if (typeof name !== 'string' || name === '') throw unprocessable('name is required');
  return ok({ ssh_key: world.collections.ssh_keys.put({ ...key, name }) });
}

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

const DAY_MS = 86_400_000;
const MOST_DAYS = 31;

/** Estimates of the account's use by day, region and size, from the droplets that it has now. They do not sum to an invoice. */
export const insightsEndpoints: EndpointGroup = {
  routes: [{ method: 'GET', path: '/v2/billing/:urn/insights/:from/:to', handle: listInsights }],
};

function listInsights(world: World, { params, query }: ProviderRequest): Answer {
  const { uuid, team } = world.value('account');
  if (![`do:team:${team?.uuid ?? uuid}`, `do:team:${uuid}`].includes(params.urn ?? '')) throw notFound();
  const [fromMs, toMs] = [Date.parse(params.from ?? ''), Date.parse(params.to ?? '')];
  if (!(toMs >= fromMs) || toMs - fromMs > MOST_DAYS * DAY_MS) throw badRequest(`the range must be at most ${MOST_DAYS} days`);
  const days = Array.from({ length: (toMs - fromMs) / DAY_MS + 1 }, (_, nth) => fromMs + nth * DAY_MS);
  const points = days.filter((day) => day <= world.nowMs).flatMap((day) => usageOn(world, day, params.urn ?? ''));
  const { page, perPage } = pageOf(query);
  return ok({
    data_points: points.slice((page - 1) * perPage, page * perPage),
    total_items: points.length,
    total_pages: Math.ceil(points.length / perPage),
    current_page: page,
  });
}

function usageOn(world: World, dayMs: number, usage_team_urn: string): Record<string, string>[] {
  const cents = new Map<string, number>();
  for (const { region, size_slug, created_at } of world.collections.droplets.all()) {
    const hours = Math.min(24, Math.max(0, (dayMs + DAY_MS - Date.parse(created_at)) / HOUR_MS));
    const key = `${region} ${size_slug}`;
    if (hours > 0) cents.set(key, (cents.get(key) ?? 0) + hours * 100 * (world.collections.sizes.get(size_slug)?.price_hourly ?? 0));
  }
  const start_date = new Date(dayMs).toISOString().slice(0, 10);
  return [...cents].map(([key, total]) => {
    const [region = '', sku = ''] = key.split(' ');
    return {
      usage_team_urn,
      start_date,
      total_amount: moneyText(Math.round(total)),
      region,
      sku,
      description: sku,
      group_description: 'Droplets',
    };
  });
}
