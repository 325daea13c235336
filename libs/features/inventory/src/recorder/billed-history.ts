import type { Billed, BilledSince } from '#libs/catalog';
import type { BilledFields } from '../kinds/kind';
import { priceRuleOf } from '../kinds';
import type { Change } from './decide-changes';

/** A resource of now, with the fields that decide its price. */
export interface BilledResource extends BilledFields {
  readonly id: string;
  readonly kind: string;
}

/** An earlier change of these fields. */
export interface FieldsChanged {
  readonly at: string;
  readonly changes: Readonly<Record<string, { readonly old?: unknown } | undefined>>;
}

/** What a resource has been billed as, by its events in the order of time: today's fields, with later changes undone. Pure. */
export function billedHistory(resource: BilledResource, events: readonly FieldsChanged[]): BilledSince[] {
  const newestFirst: { from: string | null; billed: Billed | undefined }[] = [];
  let fields: BilledFields = resource;
  for (const { at, changes } of events.toReversed()) {
    newestFirst.push({ from: at, billed: billedFields(resource.kind, fields) });
    fields = undo(fields, changes);
  }
  newestFirst.push({ from: null, billed: billedFields(resource.kind, fields) });
  const history: BilledSince[] = [];
  for (const { from, billed } of newestFirst.toReversed()) {
    const last = history.at(-1);
    const isSame = last && billed && last.product === billed.product && last.units === billed.units && last.plan === billed.plan;
    if (billed && !isSame) history.push({ resource_id: resource.id, from, ...billed });
  }
  return history;
}

function undo({ status, sizeSlug, attrs }: BilledFields, changes: FieldsChanged['changes']): BilledFields {
  const { status: state, size_slug: size, ...rest } = changes;
  const earlier = Object.entries(rest).flatMap(([field, change]) => (change && field in attrs ? [[field, change.old] as const] : []));
  return {
    status: state ? String(state.old) : status,
    sizeSlug: size ? ((size.old as string | null | undefined) ?? null) : sizeSlug,
    attrs: { ...attrs, ...Object.fromEntries(earlier) },
  };
}

/** The units that can be stored and charged for. */
const UNITS = /^\d{1,20}(\.\d{1,10})?$/;

/**
 * What a resource is billed as; undefined for a kind that is free or not billed in a known way. Units that are no number from zero on, such as
 * those of a database with -1 nodes, are unknown: such an object costs itself its price, and no other object of its page its row. [TRU-3]
 */
export function billedFields(kind: string, fields: BilledFields): Billed | undefined {
  const rule = priceRuleOf(kind);
  const billed = rule && 'billedAs' in rule ? rule.billedAs(fields) : undefined;
  return billed && { ...billed, units: billed.units !== null && UNITS.test(billed.units) ? billed.units : null };
}

/** What a change makes a resource billed as; undefined when it stays as it was. */
export function billedChange(kind: string, change: Change): Billed | undefined {
  const now = billedFields(kind, change.seen);
  if (change.what === 'discovered' || now === undefined) return now;
  const { known } = change;
  const before = billedFields(kind, { status: known.status, sizeSlug: known.size_slug, attrs: known.attrs });
  return before && isSame(before, now) ? undefined : now;
}

const isSame = (one: Billed, other: Billed) => one.product === other.product && one.units === other.units && one.plan === other.plan;
