/** The lines of a document before they are matched. Temporary: gone with the transaction. */
export const CREATE_STAGE = `
create temp table invoice_stage (
  line_no int, product text, kind text, target text, name text, region text, group_description text, description text, category text,
  project_name text, hours numeric, started_at timestamptz, ended_at timestamptz, amount numeric, is_tax boolean, extra jsonb) on commit drop`;

export const COPY_STAGE = `copy invoice_stage from stdin`;

/** What the JSON items say beside the document: which object of the provider each line is about. */
export const CREATE_ITEMS = `
create temp table invoice_items (
  position bigint generated always as identity, product text, description text, started_at timestamptz, ended_at timestamptz, amount numeric,
  project_name text, ref_id text, ref_uuid text) on commit drop`;

/** $1 items as JSON rows. */
export const ADD_ITEMS = `
insert into invoice_items (product, description, started_at, ended_at, amount, project_name, ref_id, ref_uuid)
select product, description, started_at, ended_at, amount, project_name, ref_id, ref_uuid
  from json_to_recordset($1::json) as i(product text, description text, started_at timestamptz, ended_at timestamptz, amount numeric,
    project_name text, ref_id text, ref_uuid text)`;

/** Some documents end a period at 23:59:59, others at the next midnight: both are one time here. */
const moment = (column: string) => `date_trunc('minute', coalesce(${column}, '-infinity') + interval '1 second')`;

/**
 * Joins items to lines by product, description, times, amount and nth of equals. Equals are put in the order of their projects, so that an
 * item never lends its id to a line of another project; where both sides do not have as many of them, none is trusted.
 */
export const JOIN_ITEMS = `
create temp table invoice_refs on commit drop as
with line as (
  select line_no, product, description, ${moment('started_at')} as since, ${moment('ended_at')} as until, amount, target,
         row_number() over (equals order by coalesce(project_name, ''), line_no) as nth, count(*) over equals as n
    from invoice_stage
  window equals as (partition by product, description, ${moment('started_at')}, ${moment('ended_at')}, amount)),
item as (
  select ref_id, ref_uuid, product, description, ${moment('started_at')} as since, ${moment('ended_at')} as until, amount,
         row_number() over (equals order by coalesce(project_name, ''), position) as nth, count(*) over equals as n
    from invoice_items
  window equals as (partition by product, description, ${moment('started_at')}, ${moment('ended_at')}, amount))
select line_no, target, nullif(ref_id, '') as ref_id, nullif(ref_uuid, '') as ref_uuid
  from line join item using (product, description, since, until, amount, nth, n)
 where target is not null and coalesce(nullif(ref_id, ''), nullif(ref_uuid, '')) is not null`;
