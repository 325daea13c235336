import type { PriceBasis } from '#libs/catalog';
import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { cached, decodeCursor, UUID_KEY, UUID_PATTERN } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { KINDS, kindOfUrnType, VOLATILE_ATTRS } from '../kinds';
import { PLACEHOLDER_KINDS } from '../kinds/placeholder.kind';
import { withBilled, withMonthly, type SoldRelation } from './billed-columns';
import { patternOf, stateOf, STATES } from './resource-search';
import { RESOURCE_COLUMNS, type ResourceRow } from './resource-view';

/** Filters of the inventory. A resource must match all given ones. */
export interface ResourceFilters {
  /** A kind, or one of several. */
  readonly kind?: string | readonly string[];
  /** A state, or one of several. `deleted` lists tombstones, which other states exclude. */
  readonly status?: string | readonly string[];
  readonly region?: string;
  readonly size_slug?: string;
  readonly attributed_by?: string;
  readonly project_id?: string;
  readonly tenant_id?: string;
  /** The provider's id. */
  readonly provider_id?: string;
  /** The provider's URN, or an alias of it. */
  readonly urn?: string;
  /** A tag of the provider, in its letter case. */
  readonly tag?: string;
  /** Our id of a resource: only its children, such as the records of a DNS zone. */
  readonly parent_id?: string;
  /** Our id of a resource: only its parents and its children, such as the volumes, snapshots and firewalls of a droplet. */
  readonly related_to?: string;
  /** Part of the name, of the provider's id, of an address or of a tag, in any letter case. */
  readonly q?: string;
  /** Only resources without a tenant. */
  readonly unattributed?: true;
  /** Only resources with a protection, or only those without. */
  readonly protected?: boolean;
  /** RFC 3339: only resources that changed at or after this time. */
  readonly updated_since?: string;
  /** Tombstones together with living resources. */
  readonly include_deleted?: true;
  /** Our ids: what a search has found, in its place. */
  readonly ids?: readonly string[];
}

/** The orders of the list; a minus reverses one, and resources without a price are last in both. Without an order: by id, which is about the order of the first sight. */
export const RESOURCE_SORTS = ['name', '-name', 'kind', '-kind', 'first_seen_at', '-first_seen_at', 'price', '-price'] as const;
export type ResourceSort = (typeof RESOURCE_SORTS)[number];
type SortField = 'name' | 'kind' | 'first_seen_at' | 'price';

/** The states of every kind that this release reads, and `deleted` for tombstones. Source: the API reference of each kind. */
const STATUSES: readonly string[] = (
  'active archive assigned attached available canceled creating degraded deleted deleting disabled enabled error errored ' +
  'failed forking migrating new off online pending provisioning resizing retired running succeeded superseded unassigned ' +
  'updating upgrading verified waiting'
).split(' ');

/** Regions and sizes of the provider change a few times a year. */
const CATALOG_READS = { freshMs: 60_000, limitMs: 5_000 };

type WordColumn = 'kind' | 'status' | 'region' | 'size_slug';

/** The words that filters of the inventory may contain: those of this release and of the catalog, and those that only rows have. */
@Injectable()
export class InventoryWords {
  /** Kinds with a list of their own, and kinds that this release knows as members of projects. */
  readonly kinds: readonly string[] = [...KINDS.map(({ kind }) => kind), ...PLACEHOLDER_KINDS].sort();
  readonly statuses: readonly string[] = STATUSES;
  /** The regions in the copy of the provider's catalog; none before its first refresh. */
  readonly regions: () => Promise<readonly string[]>;
  /** The sizes in that copy. */
  readonly sizes: () => Promise<readonly string[]>;

  constructor(private readonly database: Database) {
    this.regions = cached(() => this.readSlugs('provider_regions'), CATALOG_READS);
    this.sizes = cached(() => this.readSlugs('provider_sizes'), CATALOG_READS);
  }

  /** The kinds of all rows in scope, tombstones included: an unknown URN type of a project's member becomes a kind. [INV-11] */
  kindsInRows(scope: Scope): Promise<string[]> {
    return this.inRows('kind', scope);
  }

  statusesInRows(scope: Scope): Promise<string[]> {
    return this.inRows('status', scope);
  }

  regionsInRows(scope: Scope): Promise<string[]> {
    return this.inRows('region', scope);
  }

  sizesInRows(scope: Scope): Promise<string[]> {
    return this.inRows('size_slug', scope);
  }

  private async inRows(column: WordColumn, scope: Scope): Promise<string[]> {
    if (scope.kind === 'platform') return wordsOf(this.database, column);
    return this.database.asTenant(scope.tenantId, (tx) => wordsOf(tx, column, scope.tenantId));
  }

  private async readSlugs(table: 'provider_regions' | 'provider_sizes'): Promise<string[]> {
    // Set-based: reads the whole copy, a dozen regions or some hundred sizes.
    return (await this.database.query<{ slug: string }>(`select slug from ${table} order by slug`)).map(({ slug }) => slug);
  }
}

/** Set-based: reads all rows in scope. It runs only for a word that neither the code nor the catalog knows. */
async function wordsOf(on: Queryable, column: WordColumn, tenantId?: string): Promise<string[]> {
  const ofTenant = tenantId === undefined ? '' : 'and tenant_id = $1';
  const rows = await on.query<{ word: string }>(
    `select distinct ${column} as word from cloud_resources where ${column} is not null ${ofTenant} order by 1`,
    tenantId === undefined ? [] : [tenantId],
  );
  return rows.map(({ word }) => word);
}

type Condition = (place: string) => string;

/** The children are found by an index of their own, which row security leaves to a function, and the parents by their key. */
const childrenOf: Condition = (place) => `select child.id from cloud_resources one
    cross join lateral arcadia_children(one.account_id, array[one.kind || '/' || one.provider_id]) child(id) where one.id = ${place}::uuid`;

const CONDITIONS: Record<Exclude<keyof ResourceFilters, 'include_deleted' | 'urn'>, Condition> = {
  kind: (place) => `kind = ${place}`,
  status: (place) => `status = ${place}`,
  region: (place) => `region = ${place}`,
  size_slug: (place) => `size_slug = ${place}`,
  attributed_by: (place) => `attributed_by = ${place}`,
  project_id: (place) => `cloud_project_id = ${place}::uuid`,
  tenant_id: (place) => `tenant_id = ${place}`,
  provider_id: (place) => `provider_id = ${place}`,
  tag: (place) => `attrs -> 'tags' ? ${place}`,
  unattributed: (place) => `(tenant_id is null) = ${place}`,
  protected: (place) => `(protected_by is not null) = ${place}`,
  q: (place) => `arcadia_search_text(name, provider_id, attrs) ilike ${place}`,
  ids: (place) => `id = any (${place}::uuid[])`,
  updated_since: (place) => `changed_at >= ${place}::timestamptz`,
  parent_id: (place) => `id in (${childrenOf(place)})`,
  related_to: (place) => `id in (${childrenOf(place)}
    union all
    select parent.id from cloud_resources one cross join unnest(one.parents) ref join cloud_resources parent on parent.account_id = one.account_id
       and parent.kind = split_part(ref, '/', 1) and parent.provider_id = substr(ref, strpos(ref, '/') + 1) where one.id = ${place}::uuid)`,
};
const ONE_OF_SEVERAL = {
  kind: (place: string) => `kind = any (${place}::text[])`,
  status: (place: string) => `status = any (${place}::text[])`,
};

/** The filters as SQL with parameters from `$<from>` on. Equal sets of filters give equal texts, so that statements can be prepared. */
export function filterSql(filters: ResourceFilters, from: number): { conditions: string[]; values: unknown[]; name: string } {
  const { urn } = filters;
  const given = (Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]).filter((key) => filters[key] !== undefined);
  const several = given.filter((key): key is keyof typeof ONE_OF_SEVERAL => key in ONE_OF_SEVERAL && Array.isArray(filters[key]));
  const conditions = given.map((key, index) => ({ ...CONDITIONS, ...pick(several) })[key](`$${from + index}`));
  const values = given.map((key) => (key === 'q' ? patternOf(filters.q ?? '') : filters[key]));
  const state = stateOf(filters);
  const at = from + given.length;
  const ofUrn = `(provider_id = $${at + 2} and (urn = $${at} or kind = $${at + 1}))`;
  return {
    conditions: [...STATES[state], ...conditions, ...(urn === undefined ? [] : [ofUrn])],
    values: [...values, ...(urn === undefined ? [] : urnParts(urn))],
    name: [...given, ...several.map((key) => `${key}s`), ...(urn === undefined ? [] : ['urn']), state].join('_'),
  };
}

const pick = (several: readonly (keyof typeof ONE_OF_SEVERAL)[]) => Object.fromEntries(several.map((key) => [key, ONE_OF_SEVERAL[key]]));

/** The URN, and the kind and provider id that it names: an alias names the same object with another type. [INV-11] */
function urnParts(urn: string): [string, string, string] {
  const [, type = '', id = ''] = /^do:([\w-]+):(.+)$/s.exec(urn) ?? [];
  return [urn, kindOfUrnType(type).kind, id];
}

/** Longer beginnings of names do not count for their order, so that a cursor stays short. */
const LONGEST_NAME = 100;

/** An order as SQL, and its place in a cursor: the id of the last row, and its value. */
export interface SortSql {
  readonly orderBy: string;
  /** The rows after the one of the cursor. `id` and `value` are places of parameters. */
  readonly after: (id: string, value: string) => string;
  readonly pattern: RegExp;
  readonly keyOf: (row: ResourceRow) => string;
}

const SORT_FIELDS: Record<SortField, { key: string; given: Condition; values: string; valueOf: (row: ResourceRow) => string }> = {
  name: {
    key: `left(coalesce(name, ''), ${LONGEST_NAME})`,
    given: (place) => `${place}::text`,
    values: '[^\\0]*',
    valueOf: ({ name }) =>
      Array.from(name ?? '')
        .slice(0, LONGEST_NAME)
        .join(''),
  },
  kind: { key: 'kind', given: (place) => `${place}::text`, values: '[^\\0]*', valueOf: ({ kind }) => kind },
  first_seen_at: {
    key: 'first_seen_at',
    given: (place) => `timestamptz 'epoch' + ${place}::bigint * interval '1 microsecond'`,
    values: '\\d{1,16}',
    valueOf: ({ first_seen_at }) => microseconds(first_seen_at),
  },
  price: {
    key: `coalesce(monthly, 'Infinity')`,
    given: (place) => `${place}::numeric`,
    values: '(?:Infinity|-1|\\d{1,30}(?:\\.\\d{1,10})?)',
    valueOf: ({ monthly }) => monthly ?? 'Infinity',
  },
};

/** The most expensive first: a resource without a price is last, as in the other direction. */
const PRICE_DESCENDING = {
  ...SORT_FIELDS.price,
  key: 'coalesce(monthly, -1)',
  valueOf: ({ monthly }: ResourceRow) => monthly ?? '-1',
};

/** Undefined for the order by id, which needs no value. */
export function sortSql(sort: ResourceSort | undefined): SortSql | undefined {
  if (sort === undefined) return undefined;
  const isReverse = sort.startsWith('-');
  const field = (isReverse ? sort.slice(1) : sort) as SortField;
  const { key, given, values, valueOf } = sort === '-price' ? PRICE_DESCENDING : SORT_FIELDS[field];
  const direction = isReverse ? 'desc' : 'asc';
  return {
    orderBy: `${key} ${direction}, id ${direction}`,
    after: (id, value) => `(${key}, id) ${isReverse ? '<' : '>'} (${given(value)}, ${id}::uuid)`,
    pattern: new RegExp(`^${UUID_PATTERN}/${values}$`),
    keyOf: (row) => `${row.id}/${valueOf(row)}`,
  };
}

/** A time as our connections write it, in microseconds since 1970: a Date would lose the last three digits. */
function microseconds(written: string): string {
  const seconds = Date.parse(`${written.slice(0, 10)}T${written.slice(11, 19)}Z`) / 1_000;
  return `${seconds}${written.slice(20, -3).padEnd(6, '0')}`;
}

/** One page of the list, or of the list at a time (RFC 3339). */
interface PageOfResources {
  readonly sort: ResourceSort | undefined;
  readonly at: string | undefined;
  readonly filters: ResourceFilters;
  readonly cursor: string | undefined;
  readonly limit: number;
  /** Whose prices `sort=price` compares, and `sold` instead of them where a tenant has a rate card. */
  readonly basis: PriceBasis;
  readonly sold?: SoldRelation;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Measured (H1 of docs/measurements.md): rows stay text, and the statement is prepared. */
export function readPage(on: Queryable, { filters, sort, cursor, limit, at, basis, sold }: PageOfResources): Promise<ResourceRow[]> {
  const sorted = sortSql(sort);
  const after = decodeCursor(cursor, sorted?.pattern ?? UUID_KEY);
  const { conditions, values, name } = filterSql(filters, sorted && after !== null ? 4 : 3);
  const [id = FIRST_ID, value] = after === null ? [] : [after.slice(0, FIRST_ID.length), after.slice(FIRST_ID.length + 1)];
  const page = [id, limit, ...(sorted && after !== null ? [value] : []), ...values];
  const position = !sorted ? 'id > $1' : after === null ? '$1::uuid is not null' : sorted.after('$1', '$3');
  const orderBy = sorted?.orderBy ?? 'id';
  const byPrice = sort === 'price' || sort === '-price';
  const moment = at === undefined ? undefined : `$${page.length + 1}`;
  const matching = (columns: string, from: string) =>
    `select ${columns} from ${from} where ${position} and ${conditions.join(' and ')} order by ${orderBy} limit $2`;
  const select = (from: string) =>
    withBilled(
      matching(
        `${RESOURCE_COLUMNS}${byPrice ? ', monthly' : ', null as monthly'}`,
        byPrice ? withMonthly(from, basis, moment) : `${from} r`,
      ),
      orderBy,
      moment,
    );
  const priced = sold?.from(page.length + 1) ?? withMonthly('cloud_resources', basis);
  /** The order needs the price of all that match, but the other columns only of the page. */
  const selectByPrice = () =>
    withBilled(
      `select ${RESOURCE_COLUMNS}, monthly from (${matching('id as page_id, monthly', priced)}) page join cloud_resources on id = page_id`,
      orderBy,
    );
  if (at === undefined && !sorted) return on.texts({ name: `inventory_${name}`, text: select('cloud_resources'), values: page });
  if (at === undefined && byPrice) return on.texts({ text: selectByPrice(), values: [...page, ...(sold?.values ?? [])] });
  if (at === undefined) return on.texts({ text: select('cloud_resources'), values: page });
  return on.texts({ text: select(pastSql(`${moment}`, `$${page.length + 2}`)), values: [...page, at, JSON.stringify(VOLATILE_ATTRS)] });
}

/** The ids of the resources that match, in their order. Set-based: thousands of ids for one change. */
export async function readIds(on: Queryable, filters: ResourceFilters, most: number): Promise<string[]> {
  const { conditions, values } = filterSql(filters, 2);
  const text = `select id from cloud_resources where ${conditions.join(' and ')} order by id limit $1`;
  return (await on.query<{ id: string }>(text, [most, ...values])).map(({ id }) => id);
}

/** The resources of a time, with the protection of now, which has no history. `moment` and `attrs` are places of parameters. */
export const pastSql = (moment: string, attrs: string): string =>
  `(select p.*, c.protected_by from arcadia_inventory_at(${moment}, ${attrs}) p left join cloud_resources c on c.id = p.id)`;
