import { INVOICE_NAMES } from '#libs/inventory';

/** What a line charges for: a resource kind of the inventory, or `tax`, `credit`, `account` or `other`. */
export type LineKind = string;

/** Charges without a resource, by the whole phrase of the product. */
const CHARGES: readonly (readonly [string, LineKind])[] = [
  ['(sales )?tax(es)?|gst|vat', 'tax'],
  ['((promo(tional)?|referral|service|service level|sla|account|support|billing) )?(credits?|discounts?|adjustments?)', 'credit'],
  ['credits? (and|&) adjustments?|promo(tions?|tional)?', 'credit'],
  ['spaces subscriptions?|((digitalocean|standard|developer|premium|business|basic) )?support( (plan|subscription)s?)?', 'account'],
  ['((droplet|outbound|public) )?(bandwidth|(outbound )?(data )?transfer)( overages?)?|container registry( subscription)?', 'account'],
];

/**
 * Product → kind, by the whole phrase that the kind declares. A phrase that merely ends in a general word, such as "Database Backups" or
 * "Model Registry", names another product: it is `other` until it has a kind, because a wrong kind can give a line to a wrong resource. A
 * tax is recognised by its product, never by a word in a name. [BIL-6] [BIL-7]
 */
const PRODUCTS: readonly (readonly [RegExp, LineKind])[] = [
  ...CHARGES,
  ...Object.entries(INVOICE_NAMES).flatMap(([kind, { phrases }]) => phrases.map((phrase) => [phrase, kind] as const)),
].map(([phrase, kind]) => [new RegExp(`^(?:${phrase})$`), kind]);

/** Everything that a line can charge for. */
export const LINE_KINDS: readonly LineKind[] = [...Object.keys(INVOICE_NAMES), 'tax', 'credit', 'account', 'other'];

export function kindOfProduct(product: string): LineKind {
  const name = product.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  return PRODUCTS.find(([phrase]) => phrase.test(name))?.[1] ?? 'other';
}

/** Kinds of lines that belong to no tenant, so that neither a resource nor a project is looked for by their times. */
export const KINDS_WITHOUT_TENANT: ReadonlySet<LineKind> = new Set(['tax', 'credit', 'account']);
/** Kinds of lines that are not about a single resource. */
export const KINDS_WITHOUT_RESOURCE: ReadonlySet<LineKind> = new Set(['tax', 'credit', 'account', 'other']);

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
  const { address, namedBy } = INVOICE_NAMES[kind] ?? {};
  if (address) return { kind, name: address.exec(description)?.[0].toLowerCase() ?? null, region: null };
  const [, before, inside] = /^(.*\S)\s*\(([^()]*)\)[^()]*$/s.exec(description.trim()) ?? [];
  const text = namedBy === 'group' && group.trim() !== '' ? group : (before ?? description);
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
