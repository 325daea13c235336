import type { SeededRandom } from '../../support/seeded-random';

/** A change that the product never makes, and its name in a report. */
export interface Tamper {
  readonly name: string;
  readonly statements: readonly string[];
}

/** Every column of the chained tables and of the chain, with a different value for it. */
const COLUMNS: Record<string, { readonly key: string; readonly columns: Record<string, string> }> = {
  cloud_resource_events: {
    key: 'seq',
    columns: {
      seq: 'seq + 1000000',
      id: 'gen_random_uuid()',
      resource_id: 'gen_random_uuid()',
      tenant_id: `coalesce(tenant_id || 'x', 'globex')`,
      type: `case type when 'deleted' then 'updated' else 'deleted' end`,
      source: `case source when 'admin' then 'saga' else 'admin' end`,
      at: `at - interval '1 microsecond'`,
      changes: `changes || '{"size_slug":{"old":1,"new":2}}'`,
      sweep_id: 'case when sweep_id is null then gen_random_uuid() end',
    },
  },
  audit_log: {
    key: 'seq',
    columns: {
      seq: 'seq + 1000000',
      id: 'gen_random_uuid()',
      at: `at + interval '1 day'`,
      actor: `actor || 'm'`,
      actor_role: `actor_role || 's'`,
      actor_tenant_id: `coalesce(actor_tenant_id || 'x', '')`,
      action: `'nothing_' || action`,
      target_type: `target_type || '.'`,
      target_id: `target_id || '0'`,
      reason: `coalesce(reason || '!', '')`,
      details: `details || '{"a":null}'`,
      request_id: `coalesce(request_id || 'x', 'x')`,
    },
  },
  record_digests: {
    key: 'id',
    columns: {
      id: 'id + 1000000',
      stream: `stream || 's'`,
      form: 'form + 1',
      row_count: 'row_count + 1',
      first_seq: '-first_seq',
      seqs: `seqs + '{[900000,900005)}'`,
      hash: `sha256(hash)`,
      marks: `overlay(marks placing '\\x00'::bytea || substr(marks, 1, 1) from 1)`,
      last_at: `last_at + interval '1 microsecond'`,
      xid: `'7'::xid8`,
    },
  },
  record_chain: {
    key: 'no',
    columns: {
      no: 'no + 1000000',
      digest_id: '-digest_id',
      prev_hash: 'sha256(prev_hash)',
      hash: 'sha256(hash)',
      sealed_at: `sealed_at - interval '1 hour'`,
    },
  },
};

const pick = (random: SeededRandom, table: string, key: string) =>
  `(select ${key} from (select ${key}, row_number() over (order by ${key}) as n, count(*) over () as of from ${table}) s
     where n = 1 + floor(${random.next().toFixed(9)} * of)::int)`;

/** Picks one tamper: edits a column, deletes, adds, exchanges or duplicates a row, cuts a tail, or moves a link. */
export function randomTamper(random: SeededRandom): Tamper {
  const table = random.pick(Object.keys(COLUMNS));
  const { key = '', columns = {} } = COLUMNS[table] ?? {};
  const one = pick(random, table, key);
  switch (random.pick(['edit', 'edit', 'edit', 'remove', 'add', 'exchange', 'cut'])) {
    case 'edit': {
      const column = random.pick(Object.keys(columns));
      return {
        name: `edit ${table}.${column}`,
        statements: [`update ${table} set ${column} = ${columns[column] ?? ''} where ${key} = ${one}`],
      };
    }
    case 'remove':
      return { name: `remove from ${table}`, statements: [`delete from ${table} where ${key} = ${one}`] };
    case 'add':
      return { name: `add to ${table}`, statements: add(table, one) };
    case 'exchange':
      return { name: `exchange in ${table}`, statements: exchange(table, key, columns) };
    default:
      return { name: `cut the tail of ${table}`, statements: [`delete from ${table} where ${key} >= ${one}`] };
  }
}

/** Adds a row while triggers are disabled, so that no digest is written for it. */
function add(table: string, one: string): string[] {
  const quietly = (insert: string) => [
    'set local session_replication_role = replica',
    insert,
    'set local session_replication_role = origin',
  ];
  switch (table) {
    case 'cloud_resource_events':
      return quietly(
        `insert into cloud_resource_events (resource_id, type, source) select resource_id, 'deleted', 'sweep' from cloud_resource_events where seq = ${one}`,
      );
    case 'audit_log':
      return quietly(
        `insert into audit_log (actor, actor_role, action, target_type, target_id) select actor, actor_role, action, target_type, target_id from audit_log where seq = ${one}`,
      );
    case 'record_digests':
      return [
        `insert into record_digests (stream, row_count, first_seq, seqs, hash, marks, last_at)
         select stream, row_count, first_seq + 500000, seqs, hash, marks, last_at from record_digests where id = ${one}`,
      ];
    default:
      return [
        `insert into record_chain (no, digest_id, prev_hash, hash, sealed_at)
         select (select max(no) + 1 from record_chain), -digest_id, hash, sha256(hash), sealed_at from record_chain where no = ${one}`,
      ];
  }
}

/** Exchanges the contents of the first two rows. */
function exchange(table: string, key: string, columns: Record<string, string>): string[] {
  const fixed = table === 'record_digests' ? ['stream', 'first_seq'] : table === 'record_chain' ? ['digest_id'] : []; // These columns are unique.
  const moved = Object.keys(columns).filter((column) => column !== key && !fixed.includes(column));
  const set = moved.map((column) => `${column} = other.${column}`).join(', ');
  return [
    `update ${table} t set ${set} from (select *, row_number() over (order by ${key}) as n from (select * from ${table} order by ${key} limit 2) f) other,
       (select ${key} as first_key, row_number() over (order by ${key}) as n from (select ${key} from ${table} order by ${key} limit 2) f) mine
      where t.${key} = mine.first_key and other.n = 3 - mine.n`,
  ];
}
