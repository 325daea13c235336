import { optionalRecord, optionalText, type Fields } from '#libs/digitalocean';
import { canonicalJson, type Json } from '#libs/kernel';

/** The slug of a nested region, which may be null (global load balancers). */
export function regionSlug(object: Fields): string | null {
  const region = optionalRecord(object.region, 'region');
  return region && optionalText(region, 'slug');
}

/** References to parents: `<kind>/<provider id>`. */
export function parentRefs(kind: string, ids: readonly string[]): string[] {
  return ids.map((id) => `${kind}/${id}`);
}

/** Rules whose order means nothing and is not promised: sorted, so that equal sets are equal. */
export function unordered(rules: readonly unknown[]): unknown[] {
  const keyed = rules.map((rule) => ({ rule, key: canonicalJson(rule as Json) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ rule }) => rule);
}
