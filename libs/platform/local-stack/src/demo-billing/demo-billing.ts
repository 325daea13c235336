import { CARDS, DUNNING, ISSUER, POOLS, PROFILES, STORY } from './demo-agency';
import { ApiScript, type Json } from './api-script';

/** What one run of the demo did, for the line on the terminal. */
export interface DemoBilling {
  readonly months: number;
  readonly issued: number;
  readonly waiting: number;
}

export interface DemoBillingInput {
  readonly apiUrl: string;
  readonly adminToken: string;
  /** Closed months that get invoices, the last ones. */
  readonly months: number;
  readonly isStopping: () => boolean;
}

const REASON = 'demo account';
const POLL_MS = 100;
/** Calls at the same time. More would slow down what a person does meanwhile. */
const AT_ONCE = 3;
const PAID_AFTER_DAYS = 9;
const DAY_OF_ISSUE = '05';

interface Month {
  readonly period: string;
  readonly invoiceIds: readonly string[];
}

/**
 * Gives the demo agency its invoices to tenants: profiles, prices and two years of months, all but the last one issued and paid. It uses the public API
 * only, as a script of an admin who moves from an older system could, and reads before it writes: after a kill the next start goes on where it ended.
 * Undefined when there is nothing to do, because it is done or a person has filled in the issuer.
 */
export async function fillDemoBilling({ apiUrl, adminToken, months, isStopping }: DemoBillingInput): Promise<DemoBilling | undefined> {
  const api = new ApiScript(`${apiUrl}/api/v1`, adminToken, isStopping);
  const demo = new DemoMonths(api);
  if (months === 0 || (await isDoneOrForeign(api))) return undefined;
  const billed = await ingest(api, months);
  const [first, last] = [billed[0], billed.at(-1)];
  if (!first || !last) return undefined;
  await prepareParties(api);
  await preparePrices(api, billed.map(({ period }) => period)); // prettier-ignore
  const issued = billed.slice(0, -1);
  const eventfulMonth = issued.at(-1)?.period;
  if (eventfulMonth !== undefined) await moveResource(api, eventfulMonth);
  for (const { period } of billed) await rate(api, period);
  let count = 0;
  for (const { period } of issued) count += await demo.close(period, period === eventfulMonth);
  const waiting = await demo.build(last.period);
  await setDunning(api, DUNNING);
  return { months: billed.length, issued: count, waiting };
}

/** The steps of reminding are set last, and are none while the demo is being written. */
async function isDoneOrForeign(api: ApiScript): Promise<boolean> {
  const issuer = await api.one('billing/issuers/default');
  const { version, steps } = await api.one('billing/issuers/default/dunning');
  if (issuer.version === 1) return false;
  return issuer.name !== ISSUER.name || (Number(version) > 0 && (steps as readonly unknown[]).length > 0);
}

/** Reads the last invoices of the provider, and releases one that does not add up. Oldest month first. */
async function ingest(api: ApiScript, months: number): Promise<Month[]> {
  const listed = async (): Promise<Json[]> => (await api.list('billing/invoices')).filter(({ status }) => status !== 'preview');
  const wanted = [...new Set((await listed()).map(({ period }) => String(period)))].sort().slice(-months);
  const ofDemo = async () => (await listed()).filter(({ period }) => wanted.includes(String(period)));
  const waiting = (await ofDemo()).filter(({ status }) => status !== 'ingested');
  await api.each(waiting, AT_ONCE, ({ id }) => api.post(`billing/invoices/${String(id)}/ingest`, { reason: REASON }));
  const ingested = await api.until(POLL_MS, async () => {
    const now = await ofDemo();
    return now.every(({ status }) => status === 'ingested') ? now : undefined;
  });
  for (const { id, reconciliation } of ingested)
    if ((reconciliation as Json).status === 'mismatch')
      await api.post(`billing/invoices/${String(id)}/release`, { reason: 'the provider has confirmed the difference' });
  return wanted.map((period) => ({ period, invoiceIds: ingested.filter((one) => one.period === period).map(({ id }) => String(id)) }));
}

async function prepareParties(api: ApiScript): Promise<void> {
  await setDunning(api, []);
  const { version, name } = await api.one('billing/issuers/default');
  if (name !== ISSUER.name) await api.put('billing/issuers/default', { ...ISSUER, expected_version: version, reason: REASON });
  await api.post('billing/tax-rules/sets', { set: 'EU', reason: REASON });
  const tenants = (await api.list('tenants')).map(({ id }) => String(id));
  await api.each(tenants.filter((id) => PROFILES[id]), AT_ONCE, async (id) => {
    const profile = await api.one(`tenants/${id}/billing-profile`);
    if (profile.version === 0)
      await api.put(`tenants/${id}/billing-profile`, { ...PROFILES[id], email: `billing@${id}.example`, expected_version: 0, reason: REASON });
  }); // prettier-ignore
}

async function preparePrices(api: ApiScript, periods: readonly string[]): Promise<void> {
  const first = periods[0] ?? '';
  await api.put('billing/pools', { valid_from: first, pools: POOLS, reason: REASON });
  await api.post('billing/fx-rates', { currency: 'EUR', rate: '0.92', source: 'ECB', on: `${first}-01`, reason: REASON });
  for (const { name, tenants, rates, ...card } of CARDS) {
    const from = ('last' in card ? periods.slice(-card.last)[0] : undefined) ?? first;
    const known = (await api.list('rate-cards')).find((one) => one.name === name);
    const { id } = known ?? (await api.post('rate-cards', { name, reason: REASON }));
    const [version] = await api.list(`rate-cards/${String(id)}/versions`);
    const monthly = 'monthly' in card ? { monthly: card.monthly } : {};
    const written =
      version ?? (await api.post(`rate-cards/${String(id)}/versions`, { valid_from: from, rates, ...monthly, reason: REASON }));
    if (written.published_at === null)
      await api.post(`rate-cards/${String(id)}/versions/${String(written.version)}/publish`, { reason: REASON });
    for (const tenant of tenants) await api.put(`tenants/${tenant}/rate-card`, { card_id: id, valid_from: from, reason: REASON });
  }
}

async function setDunning(api: ApiScript, steps: readonly object[]): Promise<void> {
  const path = 'billing/issuers/default/dunning';
  const { version } = await api.one(path);
  await api.put(path, { steps, expected_version: version, reason: REASON });
}

/** A correction of the past counts from the next rating on, so it comes before it. */
async function moveResource(api: ApiScript, period: string): Promise<void> {
  const { resource, from, to } = STORY.moved;
  const [found] = (await api.list(`inventory?kind=droplet&tenant_id=${from}`)).filter(({ name }) => name === resource);
  if (!found) return; // it is moved already, or the account is a smaller one
  const reason = 'sold in the middle of the month';
  await api.patch(`inventory/${String(found.id)}`, { tenant_id: to, effective_from: `${period}-15T00:00:00Z`, reason });
}

async function rate(api: ApiScript, period: string): Promise<void> {
  const runs = await api.list(`billing-runs?period=${period}`);
  if (runs.every(({ status }) => status === 'failed')) await api.post('billing-runs', { period, reason: REASON });
}

/** Closes months one after the other, because numbers follow the days of issue. */
class DemoMonths {
  constructor(private readonly api: ApiScript) {}

  /** Builds the drafts of a month once it is rated. Returns how many there are. */
  async build(period: string): Promise<number> {
    await this.api.until(POLL_MS, async () => {
      const runs = await this.api.list(`billing-runs?period=${period}`);
      return runs.every(({ status }) => status === 'completed' || status === 'failed') || undefined;
    });
    const { drafts } = await this.api.post('tenant-invoices/build', { period, reason: REASON });
    return Number(drafts);
  }

  /** Issues a month as of the next one, and records its payments. `eventful`: with an overdue, a credited and a half paid invoice. Returns the number of issued invoices. */
  async close(period: string, eventful: boolean): Promise<number> {
    await this.build(period);
    const issued_on = `${monthAfter(period)}-${DAY_OF_ISSUE}`;
    await this.bulk({ verb: 'approve', filter: { period, status: 'draft' } });
    await this.bulk({ verb: 'issue', filter: { period, status: 'ready' }, issued_on });
    const issued = (await this.api.list(`tenant-invoices?period=${period}&status=issued`)).filter(({ kind }) => kind === 'standard');
    await this.api.each(issued, AT_ONCE, async (invoice) => this.settle(invoice, eventful));
    return issued.length;
  }

  private async bulk(change: object): Promise<void> {
    await this.api.post('tenant-invoices/bulk', { ...change, reason: REASON });
  }

  private async settle(invoice: Json, eventful: boolean): Promise<void> {
    const { tenant_id: tenant, id } = invoice;
    if (eventful && tenant === STORY.overdue) return;
    if (eventful && tenant === STORY.credited) await this.credit(id as string);
    const { version, number, due, total, payment_status, issued_on } = await this.api.one(`tenant-invoices/${String(id)}`);
    if (payment_status === 'paid' || Number(due) <= 0) return;
    const isHalf = eventful && tenant === STORY.slow;
    if (isHalf && payment_status === 'partly_paid') return;
    const payment = {
      kind: 'received',
      amount: isHalf ? half(String(total)) : due,
      reference: `DEMO-${String(number)}`,
      received_on: paidOn(issued_on),
    };
    await this.api.post(`tenant-invoices/${String(id)}/payments`, { ...payment, expected_version: version, reason: REASON });
  }

  /** Before the invoice is paid, so that the credit note lowers what is due and nothing is left to pay back. */
  private async credit(id: string): Promise<void> {
    if ((await this.api.list(`credit-notes?invoice_id=${id}`)).length > 0) return;
    const lines = await this.api.list(`tenant-invoices/${id}/lines`);
    const [largest] = lines.sort((one, other) => Number(other.net) - Number(one.net));
    const { version } = await this.api.one(`tenant-invoices/${id}`);
    const line = { line_no: largest?.line_no, net: half(String(largest?.net)) };
    const reason = 'the machine was down for half of the month';
    await this.api.post(`tenant-invoices/${id}/credit`, { lines: [line], reason, expected_version: version });
  }
}

/** Half of an amount in whole minor units. */
function half(amount: string): string {
  const cents = BigInt(amount.replace('.', '')) / 2n;
  const text = String(cents).padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
}

function monthAfter(period: string): string {
  const [year = 0, month = 1] = period.split('-').map(Number);
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
}

const paidOn = (issuedOn: unknown): string =>
  new Date(Math.min(Date.parse(`${String(issuedOn)}T00:00:00Z`) + PAID_AFTER_DAYS * 86_400_000, Date.now())).toISOString().slice(0, 10);
