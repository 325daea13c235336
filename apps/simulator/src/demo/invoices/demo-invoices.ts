import {
  type BillingEntry,
  centsOf,
  type CsvStyle,
  DEFAULT_CSV_STYLE,
  type InvoiceItem,
  type InvoiceRecord,
  moneyText,
  sumOfAmounts,
} from '../../world/billing-records';
import { SeededRandom } from '../../world/random';
import type { State } from '../../world/state';
import { apiTime, type World } from '../../world/world';
import { seedState } from '../demo-state';
import {
  billedAccount,
  type BilledAccount,
  DEPARTED,
  linesOf,
  type Month,
  nameAt,
  namedSinceMs,
  type PastProject,
  shareOf,
  SPACES_CENTS,
  usageCents,
  type UsageInterval,
  wasRenamedSince,
} from './billed-account';
import { currentUsage, snapshotCents, snapshotText } from './current-usage';
import { PastUsage } from './past-usage';

/** For a larger scale the current state is billed, since seeding the account again would take seconds. */
const LARGEST_RESEEDED_SCALE = 10;

/**
 * Builds the invoices of the demo account on first use, so that a start does not wait for two years of lines. The account of the first day
 * is seeded again for it, so that later changes have no influence.
 */
export function issueInvoices(world: World): void {
  const made = world.value('invoice_seed');
  if (made === null) return;
  const state = made.scale > LARGEST_RESEEDED_SCALE ? world.state() : seedState({ ...made, empty: false, token: '' }, made.start_ms);
  const { invoices, history } = demoInvoices(state, made.seed, made.start_ms);
  for (const invoice of invoices) world.collections.invoices.put(invoice);
  for (const entry of history) world.collections.billing_history.put(entry);
  world.set('invoice_seed', null);
}

const MONTHS = 24;
const FIRST_INVOICE_ID = 418_071_234;
const AMBIGUOUS_PER_MILLE = 14;
/** The amount of the invoice with this number (0 is the oldest) differs from the sum of its lines. */
const MISMATCH = { nth: 9, cents: -3 };

const PRODUCTS = ['Droplets', 'GPU Droplets', 'Droplet Backups', 'Droplet Snapshots', 'Volumes', 'Volume Snapshots', 'Floating IPs'];

/** All usage of the account, and the number of lines generated so far. */
interface History {
  account: BilledAccount;
  clients: readonly PastProject[];
  intervals: readonly UsageInterval[];
  past: PastUsage;
  random: SeededRandom;
  counted: { lines: number; ambiguous: number };
}

/** Two years of invoices with their payments, for the first-day state of an account. */
export function demoInvoices(state: State, seed: number, startMs: number): { invoices: InvoiceRecord[]; history: BillingEntry[] } {
  const random = new SeededRandom(seed ^ 0x1b873593);
  const account = billedAccount(state, startMs);
  const past = new PastUsage(account, random);
  const intervals = [...currentUsage(account, random), ...past.listIntervals()];
  const clients = account.projects.filter(({ tenant }) => tenant !== null);
  const history = { account, clients, intervals, past, random, counted: { lines: 0, ambiguous: 0 } };
  const today = new Date(startMs);
  const invoices = Array.from({ length: MONTHS + 1 }, (_, nth) => {
    const month = monthOf(today.getUTCFullYear(), today.getUTCMonth() - MONTHS + nth, startMs);
    const items = itemsOf(history, month, nth);
    const isPreview = nth === MONTHS;
    return invoiceOf(random, month, nth, isPreview ? items : [...items, ...taxLines(items, month, nth)], isPreview);
  });
  return { invoices, history: demoPayments(invoices.slice(0, MONTHS)) };
}

function monthOf(year: number, month: number, nowMs: number): Month {
  const startMs = Date.UTC(year, month, 1);
  return { period: apiTime(startMs).slice(0, 7), startMs, endMs: Math.min(Date.UTC(year, month + 1, 1), Math.max(nowMs, startMs + 1000)) };
}

/** The lines of a month, ordered by product. */
function itemsOf(history: History, month: Month, nth: number): InvoiceItem[] {
  const { account, clients, intervals, past, random, counted } = history;
  const named = clients.filter((project) => namedSinceMs(project) < month.startMs && random.next() < 0.35);
  const runs = named.flatMap((project) => {
    const atMs = month.startMs + random.integer(0, 20 * 86_400) * 1000;
    return past.shortRun(project, `${project.tenant}-ci-${random.integer(1, 999)}`, atMs, random.pick(['s-1vcpu-1gb', 's-4vcpu-8gb']));
  });
  const lines = [...intervals, ...runs].flatMap((interval) => linesOf(interval, month));
  const items = [...lines, ...subscriptionLines(account, month, nth, random)];
  counted.lines += items.length;
  const count = Math.floor((counted.lines * AMBIGUOUS_PER_MILLE) / 1000) - counted.ambiguous;
  const ambiguous = ambiguousLines({ first: counted.ambiguous, count }, month, {
    random,
    past,
    clients,
    namesakes: namesakesOf(account, month),
  });
  counted.ambiguous += count;
  const place = ({ product }: InvoiceItem): number => (PRODUCTS.includes(product) ? PRODUCTS.indexOf(product) : PRODUCTS.length);
  return [...items, ...ambiguous].sort((one, other) => place(one) - place(other));
}

/** Names that several droplets shared during the whole month. */
function namesakesOf({ state: { droplets } }: BilledAccount, month: Month): string[] {
  const old = droplets.filter(({ created_at }) => Date.parse(created_at) < month.startMs).map(({ name }) => name);
  return [...new Set(old.filter((name, nth) => old.indexOf(name) !== nth))];
}

function invoiceOf(random: SeededRandom, { period, endMs }: Month, nth: number, items: InvoiceItem[], isPreview: boolean): InvoiceRecord {
  const sum = sumOfAmounts(items);
  const uuid = random.uuid();
  return {
    invoice_uuid: uuid,
    invoice_id: String(FIRST_INVOICE_ID + 9_137 * nth),
    invoice_period: period,
    amount: moneyText(nth === MISMATCH.nth ? sum + MISMATCH.cents : sum),
    issued_at: apiTime(endMs + (8 * 3600 + 44 * 60 + 38) * 1000),
    items,
    csv_style: styleOf(nth),
    ...(isPreview && { preview: true }),
  };
}

/** The document styles over the years, and a few documents that an editor has rewritten. */
function styleOf(nth: number): CsvStyle {
  return {
    ...DEFAULT_CSV_STYLE,
    final_second_end: nth < 4,
    header: nth < 3 ? 'no_category' : 'modern',
    bom: nth === 7,
    crlf: nth === 7 || nth === 8,
    thousands: nth >= 12,
    negative: (['-$1.23', '$-1.23', '($1.23)'] as const)[nth % 3] ?? '-$1.23',
  };
}

const HOUR_MS = 3_600_000;

/** Lines for the whole account, and for the bandwidth of buckets. */
function subscriptionLines({ state, ownerOf }: BilledAccount, month: Month, nth: number, random: SeededRandom): InvoiceItem[] {
  const hours = String(Math.floor((month.endMs - month.startMs) / HOUR_MS));
  const spaces = { product: 'Spaces Subscription', description: 'Spaces ($5/mo 250GB storage & 1TB bandwidth)', hours };
  const lines = [line(month, { ...spaces, amount: moneyText(usageCents(SPACES_CENTS, month.startMs, month.endMs)) }, 'account')];
  const buckets = state.members.filter(({ urn, assigned_at }) => urn.startsWith('do:space:') && Date.parse(assigned_at) < month.startMs);
  for (const { urn } of buckets.filter((_, place) => (place + nth) % 7 === 0).slice(0, 20)) {
    const project = ownerOf(urn);
    const name = urn.slice('do:space:'.length);
    const truth = {
      kind: 'spaces_bucket',
      provider_id: name,
      tenant: project.tenant,
      decidable: true,
      exists: true,
      project_id: project.id,
    };
    const fields = { product: 'Spaces Bandwidth', description: name, hours, amount: moneyText(random.integer(1, 240)) };
    lines.push({ ...line(month, fields, 'account'), project_name: nameAt(project, month.endMs - 1), truth });
  }
  if (nth % 5 === 3)
    lines.push(line(month, { product: 'Bandwidth Overage', description: 'Droplet transfer overage 131GiB', amount: '1.31' }, 'account'));
  if (nth % 6 === 4)
    lines.push(line(month, { product: 'Credits', description: 'Referral credit, "thank you"', amount: '-25.00' }, 'credit'));
  if (nth % 24 === 22)
    lines.push(line(month, { product: 'Credits', description: 'Service level credit\n(incident 4711)', amount: '-1044.30' }, 'credit'));
  return lines;
}

/** GST on all lines; in every third month also a sales tax on the 8 % that count as used in the United States. */
function taxLines(items: readonly InvoiceItem[], month: Month, nth: number): InvoiceItem[] {
  const netCents = sumOfAmounts(items);
  const gst = line(month, { product: 'Taxes', description: 'GST (10%)', amount: moneyText(shareOf(netCents, 10, 100)) }, 'tax');
  const state = { product: 'Taxes', description: 'STATE SALES TAX (6.25%)', amount: moneyText(shareOf(netCents, 5, 1000)) };
  return [gst, ...(nth % 3 === 1 ? [line(month, state, 'tax')] : [])].map((tax) => ({ ...tax, end_time: apiTime(month.endMs - 1000) }));
}

type Given = Pick<InvoiceItem, 'product' | 'description' | 'amount'> & { hours?: string };

function line(month: Month, given: Given, kind: 'account' | 'credit' | 'tax'): InvoiceItem {
  return {
    resource_id: null,
    resource_uuid: null,
    group_description: '',
    hours: null,
    start_time: apiTime(month.startMs),
    end_time: apiTime(month.endMs),
    project_name: '',
    category: 'iaas',
    ...given,
    truth: { kind, provider_id: null, tenant: null, decidable: true, exists: false, project_id: null },
  };
}

const DAY_MS = 86_400_000;

/** The entries after each invoice: usually a payment, sometimes after a refused card, and once each of all other types. */
function demoPayments(invoices: readonly InvoiceRecord[]): BillingEntry[] {
  const entries: Omit<BillingEntry, 'id' | 'invoice_id' | 'invoice_uuid'>[] = [];
  for (const [nth, { amount, issued_at }] of invoices.entries()) {
    const cents = centsOf(amount) ?? 0;
    const add = (type: string, description: string, amountCents: number, days: number): void =>
      void entries.push({ type, description, amount: moneyText(amountCents), date: apiTime(Date.parse(issued_at) + days * DAY_MS) });
    const isRefused = nth % 11 === 6 || nth === invoices.length - 1;
    if (isRefused) add('AttemptFailed', 'Payment attempt failed (MC 2018)', -cents, 1);
    if (nth === 7) add('ACHFailure', 'ACH payment returned', cents, 2);
    add('Payment', 'Payment (MC 2018)', -cents, isRefused ? 3 : 1);
    if (nth % 6 === 4) add('Credit', 'Referral credit', -2_500, 0);
    if (nth === 9) add('Refund', 'Refund of a double payment', 1_200, 9);
    if (nth === 11) add('Chargeback', 'Chargeback (MC 2018)', 4_000, 12);
    if (nth === 12) add('Reversal', 'Reversal of a chargeback', -4_000, 5);
    if (nth === 13) add('Adjustment', 'Billing adjustment', -310, 4);
    if (nth === 16) add('CreditExpiration', 'Promotional credit expired', 500, 14);
  }
  return entries.map((entry, nth) => ({ ...entry, id: `payment-${nth + 1}`, invoice_id: null, invoice_uuid: null }));
}

const HOUR_S = 3600;

interface Sources {
  random: SeededRandom;
  past: PastUsage;
  clients: readonly PastProject[];
  /** Names that several droplets share. */
  namesakes: readonly string[];
}

/**
 * Lines without a determinable owner. Their amounts are small, since in real accounts the owner of a large one is known. The forms
 * alternate, beginning with number `first`.
 */
export function ambiguousLines(
  { first, count }: { first: number; count: number },
  month: Month,
  { random, past, clients, namesakes }: Sources,
): InvoiceItem[] {
  const renamed = clients.filter((project) => wasRenamedSince(project, month.endMs));
  const someTime = (): number => month.startMs + random.integer(0, Math.max(1, (month.endMs - month.startMs) / 1000 - 2 * HOUR_S)) * 1000;
  const shortRun = (project: PastProject, name: string): InvoiceItem[] =>
    past.shortRun(project, name, someTime()).flatMap((interval) => linesOf(interval, month));
  const forms = [
    () => nameless(random, month, clients),
    () => shortRun(DEPARTED, `marlowe-ci-${random.integer(1, 99)}`),
    ...(renamed.length === 0 ? [] : [() => shortRun(random.pick(renamed), `build-${random.integer(1, 999)}`)]),
    ...(namesakes.length === 0 ? [] : [() => namesake(random.pick(namesakes), someTime())]),
  ];
  return Array.from({ length: count }, (_, nth) => forms[(first + nth) % forms.length]?.() ?? []).flat();
}

/** A manual snapshot with a generic name, in no project. */
function nameless(random: SeededRandom, month: Month, clients: readonly PastProject[]): InvoiceItem[] {
  const sizeGb = random.integer(50, 400) / 100;
  const truth = { kind: 'snapshot', provider_id: String(random.integer(150_000_000, 180_000_000)), tenant: random.pick(clients).tenant };
  const line = {
    ...bare(month.startMs, month.endMs, snapshotCents(sizeGb)),
    product: 'Droplet Snapshots',
    description: snapshotText('manual-backup', 'fra1', sizeGb, 'Droplet'),
    hours: String(Math.floor((month.endMs - month.startMs) / (HOUR_S * 1000))),
  };
  return [{ ...line, truth: { ...truth, decidable: false, exists: false, project_id: null } }];
}

/** A short run under a name that two current droplets share; it was neither of them. */
function namesake(name: string, fromMs: number): InvoiceItem[] {
  const line = { ...bare(fromMs, fromMs + 20 * 60_000, 1), product: 'Droplets', description: `${name} (s-1vcpu-1gb-amd)`, hours: '0' };
  const truth = { kind: 'droplet', provider_id: null, tenant: null, decidable: false, exists: false, project_id: null };
  return [{ ...line, truth }];
}

function bare(fromMs: number, toMs: number, cents: number) {
  const none = { resource_id: null, resource_uuid: null, group_description: '', project_name: '', category: 'iaas' };
  return { ...none, start_time: apiTime(fromMs), end_time: apiTime(toMs), amount: moneyText(cents) };
}
