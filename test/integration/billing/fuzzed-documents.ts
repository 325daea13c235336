import type { SeededRandom } from '../../support/seeded-random';

/** The true values of a line in a generated document. */
export interface TrueLine {
  readonly product: string;
  readonly group: string;
  readonly description: string;
  readonly hours: string | null;
  readonly start: string | null;
  readonly end: string | null;
  /** The amount in cents. */
  readonly cents: number;
  readonly project: string;
  readonly category: string;
}

export interface FuzzedDocument {
  readonly text: string;
  readonly lines: readonly TrueLine[];
  /** Set when the document was corrupted: the line that cannot be read, and the kind of corruption. */
  readonly spoilt?: { readonly line: number; readonly how: string };
}

const PRODUCTS = ['Droplets', 'Droplet Backups', 'Volumes', 'Droplet Snapshots', 'Taxes', 'Credits', 'Floating IPs', 'Kubernetes Clusters'];
const NAMES = [
  'web-01',
  'Büro, "Nord"',
  'tax-app',
  'a\nb',
  'line\r\nbreak',
  '東京',
  ' spaces ',
  'x'.repeat(300),
  "=cmd|'x'",
  'back\\slash\ttab',
  '',
];
const HEADERS = {
  modern: ['product', 'group_description', 'description', 'hours', 'start', 'end', 'USD', 'project_name', 'category'],
  no_category: ['product', 'group_description', 'description', 'hours', 'start', 'end', 'USD', 'project_name'],
  oldest: ['product', 'description', 'hours', 'start', 'end', 'USD'],
  shuffled: ['USD', 'category', 'end', 'description', 'start', 'product', 'sku', 'hours', 'project_name', 'group_description'],
} as const;
const NEGATIVES = [
  (text: string) => `-$${text}`,
  (text: string) => `$-${text}`,
  (text: string) => `($${text})`,
  (text: string) => `-${text}`,
];
const SPOILERS: Record<string, (cells: string[], header: readonly string[]) => string[]> = {
  amount: (cells, header) => cells.map((cell, at) => (header[at] === 'USD' ? '$1.2.3' : cell)),
  'no amount': (cells, header) => cells.map((cell, at) => (header[at] === 'USD' ? '' : cell)),
  time: (cells, header) =>
    cells.map((cell, at) => (header[at] === 'start' ? '2026-02-31 00:00:00 +0000' : header[at] === 'product' ? 'Droplets' : cell)),
  'a cell more': (cells) => [...cells, 'more'],
  'a cell less': (cells) => cells.slice(1),
};

/** Generates a document in one of the styles that DigitalOcean has used, or in none of them. Some documents have one corrupted line. */
export function fuzzedDocument(random: SeededRandom): FuzzedDocument {
  const header = random.pick(Object.values(HEADERS)) as readonly string[];
  const newlines = random.pick([['\r\n'], ['\n'], ['\r'], ['\r\n', '\n', '\r']]);
  const negative = random.pick(NEGATIVES);
  const thousands = random.chance(0.5);
  const lines = Array.from({ length: random.below(40) }, () => trueLine(random));
  const spoiltAt = lines.length > 0 && random.chance(0.3) ? random.below(lines.length) : undefined;
  const how = random.pick(Object.keys(SPOILERS));
  let text = `${random.chance(0.3) ? '\ufeff' : ''}${header.join(',')}${random.pick(newlines)}`;
  let textLine = 2;
  let spoilt: FuzzedDocument['spoilt'];
  for (const [nth, line] of lines.entries()) {
    let cells = cellsOf(line, header, (cents) => amount(cents, negative, thousands));
    if (nth === spoiltAt) {
      spoilt = { line: textLine, how };
      cells = SPOILERS[how]?.(cells, header) ?? cells;
    }
    const record = cells.map((cell) => quoted(cell, random)).join(',');
    text += record + random.pick(newlines);
    textLine += cells.join('').split('\n').length;
  }
  if (random.chance(0.3)) text = text.replace(/(\r\n|\n|\r)$/, '');
  return { text, lines, spoilt };
}

/** Returns the values that the reader must produce for a line under this header. */
export function expectedOf(line: TrueLine, header: string): Record<string, unknown> {
  const has = (name: string) => header.split(',').some((column) => column.replace('\ufeff', '').trim() === name);
  return {
    product: line.product,
    group: has('group_description') ? line.group.trim() : '',
    description: line.description.trim(),
    hours: line.hours,
    start: line.start,
    end: line.end,
    project: has('project_name') ? line.project.trim() : '',
    category: has('category') ? line.category : '',
  };
}

function trueLine(random: SeededRandom): TrueLine {
  const dated = random.chance(0.9);
  const startMs = Date.UTC(2026, random.below(12), 1 + random.below(28), random.below(24));
  const endMs = startMs + random.below(700) * 3_600_000;
  const name = random.pick(NAMES);
  return {
    product: random.pick(PRODUCTS),
    group: random.chance(0.2) ? random.pick(NAMES) : '',
    description: `${name}${random.chance(0.8) ? ' (s-1vcpu-1gb)' : ''}` || 'x',
    hours: random.chance(0.8) ? String(random.below(745)) : null,
    start: dated ? new Date(startMs).toISOString() : null,
    end: dated ? new Date(endMs).toISOString() : null,
    cents: random.below(3) === 0 ? -random.below(100_000) : random.below(500_000_000),
    project: random.chance(0.7) ? random.pick(NAMES) : '',
    category: 'iaas',
  };
}

function cellsOf(line: TrueLine, header: readonly string[], money: (cents: number) => string): string[] {
  const time = (text: string | null) => (text === null ? '' : `${text.slice(0, 10)} ${text.slice(11, 19)} +0000`);
  const cells: Record<string, string> = {
    product: line.product,
    group_description: line.group,
    description: line.description,
    hours: line.hours ?? '',
    start: time(line.start),
    end: time(line.end),
    USD: money(line.cents),
    project_name: line.project,
    category: line.category,
    sku: 'sku-1',
  };
  return header.map((name) => cells[name] ?? '');
}

function amount(cents: number, negative: (text: string) => string, thousands: boolean): string {
  const whole = String(Math.floor(Math.abs(cents) / 100));
  const text = `${thousands ? whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',') : whole}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
  return cents < 0 ? negative(text) : `$${text}`;
}

function quoted(cell: string, random: SeededRandom): string {
  const must = /[",\r\n]/.test(cell);
  return must || random.chance(0.1) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
