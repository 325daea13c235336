import { DEFAULT_CSV_STYLE, type BillingEntry, type CsvStyle, type InvoiceItem, type InvoiceRecord } from '../../world/billing-records';
import { moneyText, sumOfAmounts } from '../../world/money';
import { SeededRandom } from '../../world/random';
import type { State } from '../../world/state';
import { apiTime } from '../../world/world';
import { billedAccount, type BilledAccount } from './billed-account';
import { subscriptionLines, taxLines } from './account-lines';
import { demoPayments } from './demo-payments';
import { FormerLives } from './former-lives';
import { linesOf, type Life, type Month } from './life';
import { namedSinceMs, type PastProject } from './past-project';
import { presentLives } from './present-lives';
import { undecidableLines } from './undecidable-lines';

const MONTHS = 24;
const FIRST_INVOICE_ID = 418_071_234;
const UNDECIDABLE_PER_MILLE = 14;
/** The invoice with this number, the oldest being 0, does not come to the sum of its lines. */
const MISMATCH = { nth: 9, cents: -3 };

const PRODUCTS = ['Droplets', 'GPU Droplets', 'Droplet Backups', 'Droplet Snapshots', 'Volumes', 'Volume Snapshots', 'Floating IPs'];

/** Everything that was ever billed, and how much of it has been told so far. */
interface History {
  account: BilledAccount;
  clients: readonly PastProject[];
  lives: readonly Life[];
  former: FormerLives;
  random: SeededRandom;
  told: { lines: number; undecidable: number };
}

/** Two years of invoices and what became of them, for an account as it was on its first day. */
export function demoInvoices(state: State, seed: number, startMs: number): { invoices: InvoiceRecord[]; history: BillingEntry[] } {
  const random = new SeededRandom(seed ^ 0x1b873593);
  const account = billedAccount(state, startMs);
  const former = new FormerLives(account, random);
  const lives = [...presentLives(account, random), ...former.all()];
  const clients = account.projects.filter(({ tenant }) => tenant !== null);
  const history = { account, clients, lives, former, random, told: { lines: 0, undecidable: 0 } };
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

/** The lines of a month, product by product. */
function itemsOf(history: History, month: Month, nth: number): InvoiceItem[] {
  const { account, clients, lives, former, random, told } = history;
  const named = clients.filter((project) => namedSinceMs(project) < month.startMs && random.next() < 0.35);
  const runs = named.flatMap((project) => {
    const atMs = month.startMs + random.integer(0, 20 * 86_400) * 1000;
    return former.shortRun(project, `${project.tenant}-ci-${random.integer(1, 999)}`, atMs, random.pick(['s-1vcpu-1gb', 's-4vcpu-8gb']));
  });
  const lines = [...lives, ...runs].flatMap((life) => linesOf(life, month));
  const items = [...lines, ...subscriptionLines(account, month, nth, random)];
  told.lines += items.length;
  const count = Math.floor((told.lines * UNDECIDABLE_PER_MILLE) / 1000) - told.undecidable;
  const open = undecidableLines({ first: told.undecidable, count }, month, {
    random,
    former,
    clients,
    namesakes: namesakesOf(account, month),
  });
  told.undecidable += count;
  const place = ({ product }: InvoiceItem): number => (PRODUCTS.includes(product) ? PRODUCTS.indexOf(product) : PRODUCTS.length);
  return [...items, ...open].sort((one, other) => place(one) - place(other));
}

/** Names that several droplets had during the whole month. */
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

/** How documents changed over the years, and a few that somebody's browser has been at. */
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
