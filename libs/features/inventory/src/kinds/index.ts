import type { Charge, PriceUnit } from '#libs/catalog';
import { UnknownKindError } from '../inventory.errors';
import { KINDS } from './declared-kinds';
import { placeholderInvoices, placeholderKind, placeholderPrices } from './placeholder.kind';
import type { InvoiceNames, Kind, PriceRule } from './kind';

export { KINDS };

/** Attributes without a history, by kind: their values at an earlier time are unknown. */
export const VOLATILE_ATTRS = Object.fromEntries(KINDS.map(({ kind, volatileAttrs }) => [kind, volatileAttrs]));

/** The kinds that DigitalOcean does not charge for, and those that another resource carries. */
export const FREE_KINDS: readonly string[] = [
  ...KINDS.flatMap(({ kind, price }) => (price && 'free' in price ? [kind] : [])),
  ...Object.keys(placeholderPrices),
];

/** The kinds of which each resource is billed as some product. Of other kinds, a row of which only the id is known is billed as nothing. */
export const PRICED_KINDS: readonly string[] = KINDS.flatMap(({ kind, price, required }) =>
  required && price && 'billedAs' in price ? [kind] : [],
);

/** The products of list prices with the pattern of their sizes and their unit. Backups are a share of the price of their droplet. */
const PRODUCTS: readonly { readonly pattern: string; readonly unit: PriceUnit }[] = [
  { pattern: 'backups:(?:weekly|daily)', unit: 'percent' },
  ...KINDS.flatMap(({ kind, price }) => {
    if (!price || 'free' in price) return [];
    const { product = kind, sized, unit = 'month' } = price;
    const size = ':[a-z0-9][a-z0-9.-]{0,99}';
    return [{ pattern: product + (sized === undefined ? '' : sized === 'all' ? size : `(?:${size})?`), unit }];
  }),
];

/** Whole names of products of list prices. */
export const LIST_PRODUCTS = new RegExp(`^(?:${PRODUCTS.map(({ pattern }) => pattern).join('|')})$`);

/** The unit of the price of a product. */
export function unitOfProduct(product: string): PriceUnit {
  return PRODUCTS.find(({ pattern }) => new RegExp(`^(?:${pattern})$`).test(product))?.unit ?? 'month';
}

/** How invoices name the kinds that they charge for, by kind. */
export const INVOICE_NAMES: Readonly<Record<string, InvoiceNames>> = {
  ...Object.fromEntries(KINDS.flatMap(({ kind, invoice }) => (invoice ? [[kind, invoice]] : []))),
  ...placeholderInvoices,
};

/** The product of each kind in costs. */
export const INVOICE_PRODUCTS = Object.fromEntries(Object.entries(INVOICE_NAMES).map(([kind, { product }]) => [kind, product]));

/** The rule for the price of a kind; undefined where it is not known. */
export function priceRuleOf(name: string): PriceRule | undefined {
  return listedKind(name)?.price ?? placeholderPrices[name];
}

/** What is known about the charges for a kind. */
export function chargeOf(name: string): Charge {
  const rule = priceRuleOf(name);
  if (!rule) return {};
  return 'free' in rule ? { free: rule.free } : { isBilled: PRICED_KINDS.includes(name), freeUnits: rule.freeUnits };
}

/** Kinds with lists that are read once a day while the account has no such resource: all that the product does not need. [KND-3] */
export const SELDOM_KINDS: readonly string[] = KINDS.filter(({ required, lists }) => !required && lists.length > 0).map(({ kind }) => kind);

/** The sweep of the projects and their members. It also sweeps the kinds that are known only as members. */
export const PROJECT_SWEEP = { kind: 'project', sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 } } as const;

/** The pass over the account's action feed. It lists no resources; otherwise it is a sweep like the others. */
export const ACTION_FEED = { kind: 'action', sync: { queue: 'sync-fast', cron: '* * * * *', everyMs: 60_000 } } as const;

/** What schedules and the ledger know of a sweep. */
export type SweptKind = Pick<Kind, 'kind' | 'sync' | 'under'>;

/** Sweeps that list resources and projects. The completeness of an inventory list is derived from them. */
export const INVENTORY_SWEEPS: readonly SweptKind[] = [...KINDS, PROJECT_SWEEP];

/** All sweeps, each with its queue and cadence. */
export const SWEEPS: readonly SweptKind[] = [...INVENTORY_SWEEPS, ACTION_FEED];

/** False for a kind that only a newer release knows. */
export function isSweepable(name: string): boolean {
  return SWEEPS.some((sweep) => sweep.kind === name);
}

/** The sweep of this name. Throws `UnknownKindError` when there is none. */
export function sweepNamed(name: string): SweptKind {
  const found = SWEEPS.find((sweep) => sweep.kind === name);
  if (!found) {
    const known = SWEEPS.map(({ kind }) => kind);
    throw new UnknownKindError(name, known);
  }
  return found;
}

/** The kind of this name, if it has a list of its own. */
export function listedKind(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.kind === name);
}

/** The kind of a URN type: a kind with a list, a known placeholder, or a placeholder named after the type. [INV-11] */
export function kindOfUrnType(urnType: string): Kind {
  return KINDS.find((kind) => kind.urnTypes.includes(urnType)) ?? placeholderKind(urnType);
}

/** The name of the sweep that covers rows of this kind. */
export function sweptAs(kind: string): string {
  return isSweepable(kind) ? kind : PROJECT_SWEEP.kind;
}
