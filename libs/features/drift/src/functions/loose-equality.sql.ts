import type { RepeatableSql } from '#libs/database';

/**
 * Scalars as text without a trailing dot, addresses by their meaning, lists as sets, objects by field. Null, `""`, `[]` and `{}` are
 * nothing, and nothing equals nothing, at every depth. `looselyEqual` of `#libs/kernel` has the same rules in TypeScript.
 */
const LOOSE_FORM = `
create or replace function arcadia_loose_form(value jsonb) returns jsonb language plpgsql immutable parallel safe as $$
  declare written text;
  begin
    case jsonb_typeof(value)
      when 'array' then return (select coalesce(jsonb_agg(distinct s.form) filter (where s.form <> 'null'), 'null')
        from (select arcadia_loose_form(e) as form from jsonb_array_elements(value) e) s);
      when 'object' then return (select coalesce(jsonb_object_agg(s.key, s.form) filter (where s.form <> 'null'), 'null')
        from (select f.key, arcadia_loose_form(f.value) as form from jsonb_each(value) f) s);
      when 'null' then return value;
      when 'number' then return to_jsonb(trim_scale((value #>> '{}')::numeric)::text);
      else
        written := value #>> '{}';
        if written = '' then return 'null'; end if;
        if length(written) > 1 and right(written, 1) = '.' then written := left(written, -1); end if;
        if (written ~* '^[0-9a-f.]*:[0-9a-f:.]*(/(0|[1-9][0-9]{0,2}))?$' or written ~ '^(0|[1-9][0-9]{0,2})([.](0|[1-9][0-9]{0,2})){3}/32$')
           and pg_input_is_valid(written, 'inet') then written := abbrev(written::inet); end if;
        return to_jsonb(written);
    end case;
  end $$;`;

/** Measured: detection calls it for every field of every desired state. [DRF-1] */
const LOOSELY_EQUAL = `
create or replace function arcadia_loosely_equal(one jsonb, other jsonb) returns boolean language plpgsql immutable parallel safe as $$
  begin
    if one = other then return true; end if;
    -- Containment both ways is equality of sets as long as nothing is nested.
    if jsonb_typeof(one) = 'array' and jsonb_typeof(other) = 'array' and one @> other and other @> one
       and strpos(substr(one::text, 2), '[') = 0 and strpos(one::text, '{') = 0 then
      return true;
    end if;
    return arcadia_loose_form(one) = arcadia_loose_form(other);
  end $$;`;

/** The equality of desired and live values. */
export const LOOSE_EQUALITY: readonly RepeatableSql[] = [
  { kind: 'function', name: 'arcadia_loose_form', sql: LOOSE_FORM },
  { kind: 'function', name: 'arcadia_loosely_equal', sql: LOOSELY_EQUAL },
];
