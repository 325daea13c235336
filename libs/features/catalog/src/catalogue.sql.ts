/**
 * Makes this process the one that renews the copy, and answers until when: with that text its writes are fenced. $1 oldest that is good enough, ms,
 * $2 limit of a refresh, ms.
 */
export const CLAIM_REFRESH = `
insert into provider_catalogue as c (name, refreshing_until) values ('offers', clock_timestamp() + $2 * interval '1 millisecond')
on conflict (name) do update set refreshing_until = excluded.refreshing_until
 where (c.taken_at is null or c.taken_at <= clock_timestamp() - $1 * interval '1 millisecond')
   and (c.refreshing_until is null or c.refreshing_until <= clock_timestamp())
returning refreshing_until::text as until`;

/** Ends a claim; no row when it has passed to another. $1 what the claim answered. */
export const END_CLAIM = 'update provider_catalogue set refreshing_until = null where refreshing_until = $1::timestamptz returning 1';

/** First of the statements that replace the copy: whoever else does waits here, and nobody meets in the middle. */
export const TAKEN = `
insert into provider_catalogue (name, taken_at) values ('offers', clock_timestamp())
on conflict (name) do update set taken_at = excluded.taken_at`;

/** Replaces a table of the copy by JSON rows ($1): what is no longer offered leaves. */
function keep(table: string, columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(columns);
  const rest = names.filter((name) => name !== 'slug');
  return `
with seen as (select * from json_to_recordset($1::json) as s(${Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')})),
gone as (delete from ${table} t where not exists (select 1 from seen where seen.slug = t.slug))
insert into ${table} (${names.join(', ')}) select ${names.join(', ')} from seen
on conflict (slug) do update set ${rest.map((name) => `${name} = excluded.${name}`).join(', ')}`;
}

export const KEEP_SIZES = keep('provider_sizes', {
  slug: 'text',
  memory_mb: 'int',
  vcpus: 'int',
  disk_gb: 'int',
  price_monthly: 'numeric',
  price_hourly: 'numeric',
  regions: 'text[]',
  available: 'boolean',
});

export const KEEP_REGIONS = keep('provider_regions', { slug: 'text', name: 'text', available: 'boolean' });

export const KEEP_IMAGES = keep('provider_images', { slug: 'text', name: 'text', min_disk_gb: 'int', regions: 'text[]', status: 'text' });

/** What the copy knows of one order. $1 size, $2 region, $3 image or null. */
export const READ_ORDER = `
select c.taken_at is not null as taken,
       (select to_jsonb(s) from provider_sizes s where s.slug = $1) as size,
       (select to_jsonb(r) from provider_regions r where r.slug = $2) as region,
       (select to_jsonb(i) from provider_images i where i.slug = $3) as image,
       jsonb_build_object(
         'size_slug', coalesce((select jsonb_agg(slug order by slug) from provider_sizes where available), '[]'),
         'region', coalesce((select jsonb_agg(slug order by slug) from provider_regions where available), '[]'),
         'image', coalesce((select jsonb_agg(slug order by slug) from provider_images where lower(status) = 'available'), '[]')) as slugs
  from provider_catalogue c`;

/** $1 slug. Prices as text: nothing between here and the table rounds them. */
export const READ_SIZE = `
select slug, memory_mb, vcpus, disk_gb, price_monthly::text, price_hourly::text, regions, available from provider_sizes where slug = $1`;
