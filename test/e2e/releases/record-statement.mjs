import { createRequire } from 'node:module';

const { DatabaseError } = createRequire(import.meta.url)('pg');
const RELATION_MISSING = '42P01';
const MOST_TABLES = 20;
const FOREIGN_KEY_MISSING = '23503';

/**
 * Returns a recorded text in the form that previous-release.spec.ts reads: `parameters` and `answers` on this schema, and
 * the first sample that succeeds, or else one that only a missing foreign key refuses. `needs` are the temporary tables that
 * its transaction created before it. Without such a sample it returns a `problem`.
 */
export async function recordStatement(on, { text, count, samples }, temporary) {
  let needs = [];
  for (let tries = 0; ; tries++) {
    const prepared = await inside(on, needs, () => parametersOf(on, { text, sample: samples[0] }));
    if (!prepared.error) return executed(on, { text, needs, parameters: prepared.value, count, samples });
    const table = prepared.error.code === RELATION_MISSING && /relation "(\w+)" does not exist/.exec(prepared.error.message)?.[1];
    const made = table && temporary.find((one) => one.text !== text && new RegExp(`^\\s*create temp table ${table}\\b`).test(one.text));
    if (!made || tries === MOST_TABLES) return { problem: prepared.error.message };
    needs = [made, ...needs.filter((one) => one !== made)];
  }
}

async function executed(on, { text, needs, parameters, count, samples }) {
  const statement = { text, parameters, ...(needs.length > 0 && { needs }) };
  const empty = parameters.map(() => null);
  let inVain, problem;
  for (const sample of [...samples, ...(count > 0 ? [undefined] : [])]) {
    const { value, error } = await inside(on, needs, async () => {
      const { fields } = await on.query({ text, values: sample ?? empty });
      await on.query('set constraints all immediate');
      return columnsOf(on, fields ?? []);
    });
    if (!error) return { statement: { ...statement, answers: value, ...(sample && { sample }) } };
    if (error.code === FOREIGN_KEY_MISSING) inVain ??= { statement: { ...statement, ...(sample && { sample }) } };
    problem = error.message;
  }
  return inVain ?? { problem };
}

/** Statements that create temporary tables cannot be prepared, so the types of their parameters stay unknown. */
async function parametersOf(on, { text, sample = [] }) {
  if (/^\s*(create temp|analyze|truncate)/.test(text)) {
    await on.query({ text, values: sample });
    return sample.map(() => 'unknown');
  }
  await on.query(`prepare recorded as ${text}`);
  const { rows } = await on.query(`select parameter_types::text[] as types from pg_prepared_statements where name = 'recorded'`);
  return rows[0].types;
}

async function columnsOf(on, fields) {
  const ids = fields.map(({ dataTypeID }) => dataTypeID);
  const { rows } = await on.query('select oid::int, typname from pg_type where oid = any ($1::oid[])', [ids]);
  const names = new Map(rows.map(({ oid, typname }) => [oid, typname]));
  return fields.map(({ name, dataTypeID }) => `${name} ${names.get(dataTypeID)}`);
}

/** Runs in a transaction that is rolled back. */
async function inside(on, needs, work) {
  await on.query('begin');
  try {
    for (const { text, sample } of needs) await on.query({ text, values: sample });
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return { error };
  } finally {
    await on.query('rollback');
    await on.query('deallocate all');
  }
}
