/** The kind of thing that a line charges for: a resource kind of the inventory, or a charge without a resource. */
export type LineKind =
  | 'droplet'
  | 'droplet_backup'
  | 'snapshot'
  | 'volume'
  | 'floating_ip'
  | 'reserved_ipv6'
  | 'load_balancer'
  | 'k8s_cluster'
  | 'managed_db'
  | 'spaces_bucket'
  | 'app'
  | 'tax'
  | 'credit'
  | 'account'
  | 'other';

/**
 * Product → kind, by the whole phrase. A phrase that merely ends in a general word, such as "Database Backups" or "Model Registry", names
 * another product: it is `other` until it has a kind, because a wrong kind can give a line to a wrong resource. A tax is recognised by its
 * product, never by a word in a name. [BIL-6] [BIL-7]
 */
const PRODUCTS: readonly (readonly [RegExp, LineKind])[] = [
  ['(sales )?tax(es)?|gst|vat', 'tax'],
  ['((promo(tional)?|referral|service|service level|sla|account|support|billing) )?(credits?|discounts?|adjustments?)', 'credit'],
  ['credits? (and|&) adjustments?|promo(tions?|tional)?', 'credit'],
  ['spaces( (storage|buckets?|bandwidth|(outbound )?(data )?transfer)( overages?)?)?', 'spaces_bucket'],
  ['spaces subscriptions?|((digitalocean|standard|developer|premium|business|basic) )?support( (plan|subscription)s?)?', 'account'],
  ['((droplet|outbound|public) )?(bandwidth|(outbound )?(data )?transfer)( overages?)?|container registry( subscription)?', 'account'],
  ['((droplet|volume|image) )?snapshots?', 'snapshot'],
  ['((gpu )?droplet )?backups?', 'droplet_backup'],
  ['(block storage )?volumes?|(volumes? )?block storage', 'volume'],
  ['((unused|unassigned) )?(floating|reserved) ipv6( address(es)?)?s?', 'reserved_ipv6'],
  ['((unused|unassigned) )?(floating|reserved) ips?(v4s?)?( address(es)?)?', 'floating_ip'],
  ['((global|regional|network|internal) )?load balancers?', 'load_balancer'],
  ['(managed )?kubernetes( (clusters?|nodes?|node pools?|control planes?))?', 'k8s_cluster'],
  ['(managed )?database( clusters?|s)?|managed (postgresql|mysql|redis|valkey|caching|mongodb|kafka|opensearch)', 'managed_db'],
  ['apps?|app platform( apps?)?', 'app'],
  ['((basic|gpu|premium|regular|general purpose|(cpu|memory|storage)[ -]optimized) )?droplets?', 'droplet'],
].map(([phrase, kind]) => [new RegExp(`^(?:${phrase})$`), kind as LineKind]);

export function kindOfProduct(product: string): LineKind {
  const name = product.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  return PRODUCTS.find(([phrase]) => phrase.test(name))?.[1] ?? 'other';
}

/** Kinds of lines that belong to no tenant, so that neither a resource nor a project is looked for by their times. */
export const KINDS_WITHOUT_TENANT: ReadonlySet<LineKind> = new Set(['tax', 'credit', 'account']);
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
