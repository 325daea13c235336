/** The kinds of things that lines charge for: resource kinds of the inventory, and charges without a resource. */
export const LINE_KINDS = [
  'droplet',
  'droplet_backup',
  'snapshot',
  'volume',
  'floating_ip',
  'reserved_ipv6',
  'load_balancer',
  'k8s_cluster',
  'managed_db',
  'spaces_bucket',
  'app',
  'tax',
  'credit',
  'account',
  'other',
] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/**
 * Product → kind, specific phrases before generic ones: "Droplet Snapshots" are snapshots, not droplets. A tax is recognised by its
 * product, never by a word in a name. [BIL-6]
 */
const PRODUCTS: readonly (readonly [RegExp, LineKind])[] = [
  [/^(sales )?tax(es)?$|^gst$|^vat$/, 'tax'],
  [/^credits?\b|\bcredits?$|^discounts?\b|\bdiscounts?$|^adjustments?\b|^promo/, 'credit'],
  [/\bspaces\b.*\b(bandwidth|transfer)\b/, 'spaces_bucket'],
  [/\bsubscriptions?\b|\bbandwidth\b|\btransfer\b|\bsupport\b|\bregistry\b/, 'account'],
  [/\bsnapshots?\b/, 'snapshot'],
  [/\bbackups?\b/, 'droplet_backup'],
  [/\bvolumes?\b|\bblock storage\b/, 'volume'],
  [/\b(floating|reserved) ipv6s?\b/, 'reserved_ipv6'],
  [/\b(floating|reserved) ips?(v4s?)?\b/, 'floating_ip'],
  [/\bload balancers?\b/, 'load_balancer'],
  [/\bkubernetes\b/, 'k8s_cluster'],
  [/\bdatabases?\b|\bdatabase clusters?\b/, 'managed_db'],
  [/\bspaces?\b/, 'spaces_bucket'],
  [/\bapps?\b|\bapp platform\b/, 'app'],
  [/\bdroplets?\b/, 'droplet'],
];

export function kindOfProduct(product: string): LineKind {
  const name = product.trim().toLowerCase();
  return PRODUCTS.find(([phrase]) => phrase.test(name))?.[1] ?? 'other';
}

/** Kinds of lines that are not about a single resource. */
export const KINDS_WITHOUT_RESOURCE: ReadonlySet<LineKind> = new Set(['tax', 'credit', 'account', 'other']);
/** Kinds that have their name in `group_description`; the description names only a part of the resource. */
const NAMED_BY_GROUP: ReadonlySet<LineKind> = new Set(['k8s_cluster', 'managed_db', 'app']);
const ADDRESS: Readonly<Partial<Record<LineKind, RegExp>>> = {
  floating_ip: /\b\d{1,3}(?:\.\d{1,3}){3}\b/,
  reserved_ipv6: /\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}\b/i,
};

/** The resource that the text of a line names. */
export interface LineSubject {
  readonly kind: LineKind;
  /** With ASCII letters in lower case. */
  readonly name: string | null;
  /** Null where the text names no region. The text of a volume does. */
  readonly region: string | null;
}

/** The name is the text before the last `(…)`, because names can contain parentheses and commas themselves. */
export function subjectOf(kind: LineKind, description: string, group: string): LineSubject {
  if (KINDS_WITHOUT_RESOURCE.has(kind)) return { kind, name: null, region: null };
  const address = ADDRESS[kind];
  if (address) return { kind, name: address.exec(description)?.[0].toLowerCase() ?? null, region: null };
  const [, before, inside] = /^(.*\S)\s*\(([^()]*)\)[^()]*$/s.exec(description.trim()) ?? [];
  const text = NAMED_BY_GROUP.has(kind) && group.trim() !== '' ? group : (before ?? description);
  const region = inside !== undefined && /^[a-z]{3}\d$/i.test(inside.trim()) ? inside.trim().toLowerCase() : null;
  return { kind, name: asciiLowercase(text.trim()) || null, region };
}

/**
 * Names are compared in lower case of ASCII letters only, which the code and every database do in the same way, whatever the collation.
 * DigitalOcean's droplet names have no other letters.
 */
function asciiLowercase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
