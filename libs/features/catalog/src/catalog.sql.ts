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
