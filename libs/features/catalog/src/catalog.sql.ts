/**
 * Claims the refresh for this process and returns the end of the claim, which fences its writes.
 * $1 greatest age at which the copy is still good, ms. $2 length of the claim, ms. Fenced.
 */
export const CLAIM_REFRESH = `
insert into provider_catalogue as c (name, refreshing_until) values ('offers', clock_timestamp() + $2 * interval '1 millisecond')
on conflict (name) do update set refreshing_until = excluded.refreshing_until
 where (c.taken_at is null or c.taken_at <= clock_timestamp() - $1 * interval '1 millisecond')
   and (c.refreshing_until is null or c.refreshing_until <= clock_timestamp())
returning refreshing_until::text as until`;

/** Ends a claim. Returns no row when another process has claimed the refresh since. $1 the end of the claim. Fenced. */
export const END_CLAIM = 'update provider_catalogue set refreshing_until = null where refreshing_until = $1::timestamptz returning 1';

/** The first statement of every replacement. Its row lock serialises concurrent ones, so that copies do not mix. Fenced. */
export const MARK_TAKEN = `
insert into provider_catalogue (name, taken_at) values ('offers', clock_timestamp())
on conflict (name) do update set taken_at = excluded.taken_at`;

/** Replaces the rows of a table by JSON rows ($1) and deletes the others. Set-based. */
function replaceRows(table: string, columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(columns);
  const rest = names.filter((name) => name !== 'slug');
  return `
with listed as (select * from json_to_recordset($1::json) as s(${Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')})),
deleted as (delete from ${table} t where not exists (select 1 from listed where listed.slug = t.slug))
insert into ${table} (${names.join(', ')}) select ${names.join(', ')} from listed
on conflict (slug) do update set ${rest.map((name) => `${name} = excluded.${name}`).join(', ')}`;
}

export const REPLACE_SIZES = replaceRows('provider_sizes', {
  slug: 'text',
  memory_mb: 'int',
  vcpus: 'int',
  disk_gb: 'int',
  price_monthly: 'numeric',
  price_hourly: 'numeric',
  regions: 'text[]',
  available: 'boolean',
});

export const REPLACE_REGIONS = replaceRows('provider_regions', { slug: 'text', name: 'text', available: 'boolean' });

export const REPLACE_IMAGES = replaceRows('provider_images', {
  slug: 'text',
  name: 'text',
  min_disk_gb: 'int',
  regions: 'text[]',
  status: 'text',
});
