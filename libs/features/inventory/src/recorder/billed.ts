import type { Billed } from '#libs/catalog';
import { priceRuleOf } from '../kinds';
import type { BilledFields } from '../kinds/kind';
import type { Change } from './decide-changes';

/** What a resource is billed as; undefined for a kind that is free or not billed in a known way. */
export function billedFields(kind: string, fields: BilledFields): Billed | undefined {
  const rule = priceRuleOf(kind);
  return rule && 'billedAs' in rule ? rule.billedAs(fields) : undefined;
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
