import { OWN_TAGS } from '#libs/provisioning';

/** In any letter case, as the provider takes them. */
const OTHERS = `$[*] ? (@.type() != "string" || !(@ like_regex "^(${OWN_TAGS.sagaPrefix}|${OWN_TAGS.managed}$)" flag "i"))`;
/** As we write them: five times as quick. */
const OTHERS_AS_WRITTEN = `$[*] ? (@.type() != "string" || @ != "${OWN_TAGS.managed}" && !(@ starts with "${OWN_TAGS.sagaPrefix}"))`;

/** A value without the tags that only we put on things, where it is a list of tags: they are part of neither spec nor drift. */
export const withoutOwnTags = (field: string, value: string): string =>
  `case when ${field} = 'tags' and jsonb_typeof(${value}) = 'array' then jsonb_path_query_array(${value}, '${OTHERS}') else ${value} end`;

/** A value as it is compared: the provider tells tags apart without regard to letter case, so a revert would find nothing to change. */
export const inOneCase = (field: string, value: string): string =>
  `case when ${field} = 'tags' then lower(${value}::text)::jsonb else ${value} end`;

/** Whether the lists of two tags' fields say the same at a quick look, which is the usual case; when it says no, only `withoutOwnTags` can tell. */
export const sameTags = (field: string, one: string, other: string): string => {
  const others = (value: string) => `jsonb_path_query_array(${value}, '${OTHERS_AS_WRITTEN}')`;
  return `case when ${field} = 'tags' and jsonb_typeof(${one}) = 'array' and jsonb_typeof(${other}) = 'array'
    then arcadia_loosely_equal(${others(one)}, ${others(other)}) else false end`;
};

/**
 * What a field of a spec is now, of a row `r` of cloud_resources: the schema's column first, then the attributes, our own tags among them. That
 * backups are made is a feature at the provider and a field of its own in a spec. JSON null where the row knows nothing of it.
 */
export const liveValue = (field: string): string => `coalesce(case ${field}
  when 'size_slug' then to_jsonb(r.size_slug) when 'region' then to_jsonb(r.region) when 'name' then to_jsonb(r.name)
  when 'status' then to_jsonb(r.status) when 'tenant_id' then to_jsonb(r.tenant_id)
  when 'backups' then case when r.kind = 'droplet' then to_jsonb(coalesce(r.attrs -> 'features' ? 'backups', false)) else r.attrs -> 'backups' end
  else r.attrs -> ${field} end, 'null')`;
