import { ControlError } from '../http/route';
import {
  BILLING_TYPES,
  type BillingEntry,
  centsOf,
  type CsvStyle,
  DEFAULT_CSV_STYLE,
  type InvoiceItem,
  type InvoiceRecord,
  moneyText,
  sumOfAmounts,
} from '../world/billing-records';
import { privateAddress, publicAddress } from '../world/derived-fields';
import type { DropletRecord } from '../world/records';
import { type CollectionName, FIRST_IDS, type State } from '../world/state';
import { apiTime } from '../world/world';

type Fields = Record<string, unknown>;

/** A droplet of a PUT. Only `name` is required; size, region and image may be nested as in API responses. */
export function readDroplet(input: Fields, where: string, { sizes, regions, images }: State): DropletRecord {
  const id = input.id;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) throw new ControlError(`${where}.id must be a positive integer`);
  if (typeof input.name !== 'string' || input.name === '') throw new ControlError(`${where}.name is missing`);
  const sizeSlug = input.size_slug ?? slugOf(input.size) ?? 's-1vcpu-1gb';
  const size = sizes.find(({ slug }) => slug === sizeSlug);
  if (size === undefined)
    throw new ControlError(
      `${where}.size_slug ${JSON.stringify(sizeSlug)} is not in the catalogue: ${sizes.map(({ slug }) => slug).join(', ')}`,
    );
  const region = regions.find(({ slug }) => slug === (slugOf(input.region) ?? 'fra1'))?.slug;
  if (region === undefined)
    throw new ControlError(`${where}.region is not in the catalogue: ${regions.map(({ slug }) => slug).join(', ')}`);
  const { size: _size, image: _image, ...rest } = input;
  return {
    image_id: imageId(input, images),
    status: 'active',
    disk: size.disk,
    tags: [],
    features: ['droplet_agent', 'private_networking'],
    backup_ids: [],
    snapshot_ids: [],
    volume_ids: [],
    public_ipv4: publicAddress(id),
    private_ipv4: privateAddress(id),
    public_ipv6: null,
    vpc_uuid: '',
    ...(rest as Pick<DropletRecord, 'created_at' | 'name'>),
    id,
    size_slug: size.slug,
    region,
  };
}

function imageId(input: Fields, images: State['images']): number {
  if (typeof input.image_id === 'number') return input.image_id;
  const wanted = typeof input.image === 'object' ? (input.image as Fields | null)?.id : input.image;
  return images.find(({ id, slug }) => id === wanted || (slug !== null && slug === wanted))?.id ?? images[0]?.id ?? 0;
}

function slugOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null ? (input as Fields).slug : input;
}

/** Default values of a record in a PUT. `nth` is its place in the list, so that a list of `{}` has different records. */
const DEFAULTS: Partial<Record<CollectionName, (nth: number, at: string, state: State) => Fields>> = {
  volumes: (nth, created_at) => ({
    id: uuid('40', nth),
    name: `volume-${nth}`,
    region: 'fra1',
    size_gigabytes: 10,
    description: '',
    filesystem_type: 'ext4',
    filesystem_label: '',
    droplet_ids: [],
    tags: [],
    created_at,
  }),
  volume_snapshots: (nth, created_at) => ({
    id: uuid('41', nth),
    name: `volume-snapshot-${nth}`,
    resource_id: uuid('40', nth),
    region: 'fra1',
    min_disk_size: 10,
    size_gigabytes: 2.5,
    tags: [],
    created_at,
  }),
  floating_ips: (nth, _at, state) => ({
    ip: `174.138.${(nth >> 8) & 255}.${nth & 255}`,
    region: 'fra1',
    droplet_id: null,
    locked: false,
    project_id: state.projects.find(({ is_default }) => is_default)?.id ?? '',
  }),
  domains: (nth) => ({ name: `zone-${nth}.example`, ttl: 1800, zone_file: null }),
  domain_records: (nth, _at, state) => ({
    id: FIRST_IDS.domain_record + nth + 1,
    domain: state.domains[0]?.name ?? '',
    type: 'A',
    name: `host-${nth}`,
    data: '203.0.113.1',
    priority: null,
    port: null,
    ttl: 1800,
    weight: null,
    flags: null,
    tag: null,
  }),
  firewalls: (nth, created_at) => ({
    id: uuid('42', nth),
    name: `firewall-${nth}`,
    status: 'succeeded',
    created_at,
    droplet_ids: [],
    tags: [],
    inbound_rules: [{ protocol: 'tcp', ports: '443', sources: { addresses: ['0.0.0.0/0', '::/0'] } }],
    outbound_rules: [],
  }),
  load_balancers: (nth, created_at, state) => ({
    id: uuid('43', nth),
    name: `balancer-${nth}`,
    project_id: state.projects.find(({ is_default }) => is_default)?.id ?? '',
    ip: `164.90.${(nth >> 8) & 255}.${nth & 255}`,
    size_unit: 1,
    algorithm: 'round_robin',
    status: 'active',
    type: 'REGIONAL',
    region: 'fra1',
    created_at,
    forwarding_rules: [{ entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 80 }],
    health_check: {},
    sticky_sessions: { type: 'none' },
    redirect_http_to_https: false,
    droplet_ids: [],
    tag: '',
    vpc_uuid: uuid('44', 0),
  }),
  images: (nth, created_at) => ({
    id: 190_000_000 + nth,
    name: `image-${nth}`,
    type: 'snapshot',
    distribution: 'Ubuntu',
    slug: null,
    public: false,
    regions: ['fra1'],
    created_at,
    min_disk_size: 25,
    size_gigabytes: 2.5,
    description: '',
    tags: [],
    status: 'available',
  }),
};

/** Completes records for storage: missing fields get their defaults, nested regions are replaced by their slugs. */
export function completeRecords(name: CollectionName, records: readonly Fields[], state: State, nowMs: number): Fields[] {
  const defaults = DEFAULTS[name];
  if (defaults === undefined) return [...records];
  return records.map((record, nth) => {
    const region = typeof record.region === 'object' && record.region !== null ? (record.region as Fields).slug : record.region;
    return { ...defaults(nth, apiTime(nowMs), state), ...record, ...(region !== undefined && { region }) };
  });
}

const uuid = (group: string, nth: number): string => `${group.padEnd(8, '0')}-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`;

const STYLE_VALUES: Record<keyof CsvStyle, readonly unknown[]> = {
  bom: [true, false],
  crlf: [true, false],
  header: ['modern', 'no_category', 'oldest'],
  dollars: [true, false],
  thousands: [true, false],
  negative: ['-$1.23', '$-1.23', '($1.23)'],
  final_second_end: [true, false],
};

const FIRST_INVOICE_ID = 418_071_234;

/** Invoices of a PUT. `{}` is an invoice without lines: the first is of last month, the next of the month before, and so on. */
export function readInvoices(given: readonly Fields[], nowMs: number): InvoiceRecord[] {
  const invoices = given.map((fields, nth) => readInvoice(fields, nth, nowMs));
  if (new Set(invoices.map(({ invoice_uuid }) => invoice_uuid)).size !== invoices.length)
    throw new ControlError('Two invoices have the same invoice_uuid');
  if (invoices.filter(({ preview }) => preview === true).length > 1) throw new ControlError('Only one invoice can be the preview');
  return invoices;
}

/** Rows of the billing history of a PUT. Rows of invoices are derived and need not be given. */
export function readBillingHistory(given: readonly Fields[], nowMs: number): BillingEntry[] {
  return given.map((fields, nth) => {
    const entry = { id: `entry-${nth}`, description: '', amount: '0.00', invoice_id: null, invoice_uuid: null, date: apiTime(nowMs) };
    const read = { ...entry, type: BILLING_TYPES[1] as string, ...fields };
    return { ...read, amount: amountOf(read.amount, `billing_history[${nth}].amount`) };
  });
}

function readInvoice(given: Fields, nth: number, nowMs: number): InvoiceRecord {
  const where = `invoices[${nth}]`;
  const now = new Date(nowMs);
  const period = given.invoice_period ?? apiTime(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1 - nth, 1)).slice(0, 7);
  if (typeof period !== 'string' || !/^\d{4}-(0[1-9]|1[0-2])$/.test(period))
    throw new ControlError(`${where}.invoice_period must be YYYY-MM`);
  const month = spanOf(period);
  if (given.items !== undefined && !Array.isArray(given.items)) throw new ControlError(`${where}.items must be a list`);
  const items = ((given.items ?? []) as Fields[]).map((item, index) => readItem(item, index, month, `${where}.items[${index}]`));
  return {
    invoice_uuid: `45000000-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`,
    invoice_id: String(FIRST_INVOICE_ID + 17 * nth),
    issued_at: month.end.replace('T00:00:00', 'T08:44:38'),
    ...given,
    invoice_period: period,
    items,
    amount: given.amount === undefined ? moneyText(sumOfAmounts(items)) : amountOf(given.amount, `${where}.amount`),
    csv_style: readStyle(given.csv_style, where),
  };
}

function readItem(given: Fields, index: number, month: { start: string; end: string }, where: string): InvoiceItem {
  return {
    product: 'Droplets',
    resource_id: null,
    resource_uuid: null,
    group_description: '',
    description: `item-${index} (s-1vcpu-1gb)`,
    hours: String((Date.parse(month.end) - Date.parse(month.start)) / 3_600_000),
    start_time: month.start,
    end_time: month.end,
    project_name: '',
    category: 'iaas',
    ...given,
    amount: amountOf(given.amount ?? '0.00', `${where}.amount`),
  };
}

/** The first moment of a period and of the next period. */
function spanOf(period: string): { start: string; end: string } {
  const [year, month] = period.split('-').map(Number);
  return { start: `${period}-01T00:00:00Z`, end: apiTime(Date.UTC(year ?? 0, month ?? 1, 1)) };
}

function readStyle(given: unknown, where: string): CsvStyle {
  const style = (given ?? {}) as Fields;
  for (const [name, value] of Object.entries(style)) {
    const allowed = STYLE_VALUES[name as keyof CsvStyle] as readonly unknown[] | undefined;
    if (allowed?.includes(value) !== true) throw new ControlError(`${where}.csv_style.${name} cannot be ${JSON.stringify(value)}`);
  }
  return { ...DEFAULT_CSV_STYLE, ...style };
}

function amountOf(given: unknown, where: string): string {
  const cents = typeof given === 'string' ? centsOf(given) : undefined;
  if (cents === undefined) throw new ControlError(`${where} must be decimal text in cents, as "12.30"`);
  return moneyText(cents);
}
