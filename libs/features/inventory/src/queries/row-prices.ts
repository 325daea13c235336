import {
  isPriced,
  PriceBook,
  soldAt,
  withBackups,
  type ListPrice,
  type PriceBasis,
  type Prices,
  type SoldThing,
  type TenantRates,
  type Unpriced,
} from '#libs/catalog';
import type { Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Money } from '#libs/kernel';
import { chargeOf, INVOICE_PRODUCTS, VOLATILE_ATTRS } from '../kinds';
import { billedIn, pricesFor, validAt, type BilledColumns, type SoldRelation } from './billed-columns';
import { filterSql, pastSql, type ResourceFilters } from './resource-filters';
import { stateOf } from './resource-search';
import type { ResourceRow } from './resource-view';
import type { Resource } from '../entities/resource.entity';

/** The price of a tenant is made of list prices only. */
export const basisOf = (scope: Scope): PriceBasis => (scope.kind === 'platform' ? 'buy' : 'list');

/** What rates of cards ask of a resource, and of one that is ordered. */
export interface SoldResource {
  readonly kind: string;
  readonly size_slug?: string | null;
  readonly region?: string | null;
  readonly project_id?: string | null;
  readonly tags?: readonly string[];
  /** Of a snapshot: what it was taken of. */
  readonly resource_type?: string | null;
  readonly id?: string | null;
}

/** A resource in the words of the provider's invoices, as the costs of a month have it. Pure. */
export function soldThing({ kind, size_slug = null, region = null, project_id = null, tags = [], ...of }: SoldResource): SoldThing {
  const isNode = kind === 'droplet' && tags.includes(CLUSTER_TAG);
  const product = isNode
    ? INVOICE_PRODUCTS.k8s_cluster
    : kind === 'droplet' && size_slug?.startsWith('gpu-')
      ? 'GPU Droplets'
      : kind === 'snapshot' && of.resource_type === 'volume'
        ? 'Volume Snapshots'
        : INVOICE_PRODUCTS[kind];
  return {
    kind: isNode ? 'k8s_cluster' : kind,
    product: product ?? kind,
    sku: size_slug,
    region,
    projectId: project_id,
    tags,
    resourceId: of.id ?? null,
  };
}

/** The provider puts it on the droplets of a cluster, which it bills as the cluster (docs/digitalocean-facts.md 8.6). */
const CLUSTER_TAG = 'k8s';

/**
 * SQL on a resource `x` with what it is billed as, `p`: everything that decides its price, as JSON text. Equal texts have equal prices, so the sums and
 * the order of a list ask for the price of each text once. `$tags` and `$resources` are places of the tags and resources that rates name.
 */
const soldKey = (
  tags: string,
  resources: string,
): string => `jsonb_build_object('kind', x.kind, 'size_slug', x.size_slug, 'region', x.region,
    'project_id', x.cloud_project_id, 'resource_type', case when x.kind = 'snapshot' then x.attrs ->> 'resource_type' end,
    'id', case when x.id = any (${resources}::uuid[]) then x.id end, 'product', p.product, 'units', p.units::text, 'plan', p.plan,
    'tags', case when jsonb_typeof(x.attrs -> 'tags') = 'array' then (
       select coalesce(jsonb_agg(t order by t), '[]') from jsonb_array_elements_text(x.attrs -> 'tags') t where t = any (${tags}::text[])) else '[]' end)::text`;

type SoldKey = SoldResource & BilledColumns;

/** The price that a `soldKey` stands for. */
function priceOfKey(text: string, prices: Prices, rates: TenantRates): ListPrice | Unpriced {
  const key = JSON.parse(text) as SoldKey;
  return soldAt(rates, prices.of(chargeOf(key.kind), billedIn(key)), () => soldThing(key));
}

const namedBy = ({ tags, resources }: TenantRates) => [[CLUSTER_TAG, ...tags], resources];

/** For the order by price: the price of each text of `soldKey` among the resources that match. Set-based. */
export async function soldRelation(on: Queryable, prices: Prices, rates: TenantRates, filters: ResourceFilters): Promise<SoldRelation> {
  const { conditions, values } = filterSql(filters, 1);
  const billed = `cloud_resources x left join resource_prices p on p.resource_id = x.id and p.${validAt()}`;
  const key = soldKey(`$${values.length + 1}`, `$${values.length + 2}`);
  const rows = await on.query<{ key: string }>(`select distinct ${key} as key from ${billed} where ${conditions.join(' and ')}`, [
    ...values,
    ...namedBy(rates),
  ]);
  const sells = rows.map((row) => {
    const price = priceOfKey(row.key, prices, rates);
    return { key: row.key, monthly: isPriced(price) ? withBackups(price).monthly : null };
  });
  return {
    from: (first) => `(select x.*, s.monthly from (select x.*, ${soldKey(`$${first}`, `$${first + 1}`)} as sold_key from ${billed}) x
      left join json_to_recordset($${first + 2}::json) s (key text, monthly numeric) on s.key = x.sold_key) priced`,
    values: [...namedBy(rates), JSON.stringify(sells)],
  };
}

/** What a filter matches. `monthly` is the sum of the living resources that have a price, with their backups; `unpriced` counts the others. */
export interface ListTotals {
  readonly count: number;
  readonly monthly: string;
  readonly unpriced: number;
}

/** Resources with one price, and their number. */
export interface PricedAlike {
  readonly kind: string;
  readonly living: boolean;
  readonly count: number;
  readonly price: ListPrice | Unpriced;
}

interface AlikeRow extends BilledColumns {
  readonly kind: string;
  readonly living: boolean;
  readonly count: number;
  readonly key: string | null;
}

/** The prices of a sum: `rates` are those of the tenant, null for list prices. */
export interface PricesOfSums {
  readonly prices: Prices;
  readonly basis: PriceBasis;
  readonly rates: TenantRates | null;
}

/** Set-based: reads each row that matches, so a list has totals only on request. The amounts are those of the rows, exactly. */
export async function totalsOf(on: Queryable, of: PricesOfSums, filters: ResourceFilters, at?: string): Promise<ListTotals> {
  const rows = await pricedAlike(on, of, filters, at);
  const living = rows.filter((row) => row.living);
  const amounts = living.flatMap(({ price, count }) =>
    isPriced(price) ? [Money.parse(withBackups(price).monthly).multiply(String(count))] : [],
  );
  const countOf = (some: readonly PricedAlike[]) => some.reduce((sum, { count }) => sum + count, 0);
  return {
    count: countOf(rows),
    monthly: Money.sum(amounts).toAmountText(),
    unpriced: countOf(living.filter(({ price }) => !isPriced(price))),
  };
}

/** Set-based: all that matches, by what decides its price. */
export async function pricedAlike(
  on: Queryable,
  { prices, basis, rates }: PricesOfSums,
  filters: ResourceFilters,
  at?: string,
): Promise<PricedAlike[]> {
  const { conditions, values } = filterSql(filters, 1);
  const place = (nth: number) => `$${values.length + nth}`;
  const moment = rates ? place(3) : place(1);
  const from = at === undefined ? 'cloud_resources' : pastSql(moment, rates ? place(4) : place(2));
  const rows = await on.query<AlikeRow>(
    `select kind, ${stateOf(filters) === 'live' ? 'true' : 'deleted_at is null'} as living, product, units::text, plan,
            ${rates ? soldKey(place(1), place(2)) : 'null'} as key, count(*)::int as count
       from ${from} x left join ${pricesFor(basis)} p on p.resource_id = x.id and p.${validAt(at && moment).replace(' and ', ' and p.')}
      where ${conditions.join(' and ')} group by 1, 2, 3, 4, 5, 6`,
    [...values, ...(rates ? namedBy(rates) : []), ...(at === undefined ? [] : [at, JSON.stringify(VOLATILE_ATTRS)])],
  );
  return rows.map((row) => ({
    ...row,
    price: rates && row.key !== null ? priceOfKey(row.key, prices, rates) : prices.of(chargeOf(row.kind), billedIn(row)),
  }));
}

/** The prices of single resources, by id. */
export async function pricesOf(
  on: Queryable,
  book: PriceBook,
  basis: PriceBasis,
  resources: readonly (SoldResource & { readonly id: string })[],
  rates: TenantRates | null,
): Promise<Map<string, ListPrice | Unpriced>> {
  const prices = await book.prices(basis);
  const rows = await on.query<BilledColumns & { resource_id: string }>(
    `select resource_id, product, units::text, plan from resource_prices where resource_id = any ($1::uuid[]) and ${validAt()}`,
    [resources.map(({ id }) => id)],
  );
  const billed = new Map(rows.map((row) => [row.resource_id, billedIn(row)]));
  return new Map(
    resources.map((resource) => {
      const { id, kind } = resource;
      return [id, soldAt(rates, prices.of(chargeOf(kind), billed.get(id)), () => soldThing(resource))];
    }),
  );
}

/** The price of a row as JSON. At list prices most rows of a page have one of a few. */
export function rowPrice(row: ResourceRow, prices: Prices, rates: TenantRates | null): string {
  const charge = chargeOf(row.kind);
  if (!rates) return prices.jsonOf(row.kind, charge, billedIn(row));
  const { kind, size_slug, region, cloud_project_id: project_id, id } = row;
  const thing = () => soldThing({ kind, size_slug, region, project_id, id, ...ofAttrs(JSON.parse(row.attrs) as Attrs) });
  return JSON.stringify(soldAt(rates, prices.of(charge, billedIn(row)), thing));
}

type Attrs = Readonly<Record<string, unknown>>;

function ofAttrs({ tags, resource_type: type }: Attrs): Pick<SoldResource, 'tags' | 'resource_type'> {
  return { tags: Array.isArray(tags) ? (tags as readonly string[]) : [], resource_type: typeof type === 'string' ? type : null };
}

/** Pure. */
export const soldResource = ({ kind, sizeSlug, region, cloudProjectId, id, attrs }: Resource) => ({
  kind,
  size_slug: sizeSlug,
  region,
  project_id: cloudProjectId,
  id,
  ...ofAttrs(attrs),
});
