/**
 * What record.mjs loads into every process of the suites: notes each statement that product code sends, and what sagas recorded, in the
 * folder RECORD_TO. Jest loads it in front of each test file (`setupFiles`), node in front of the processes that tests start (`--require`).
 */
const { appendFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const childProcess = require('node:child_process');
const { Client } = require('pg');
const { SagaNotes } = require('./note-sagas.cjs');

const ROOT = join(__dirname, '../..');
const FILE = join(process.env.RECORD_TO, `${process.pid}-${Math.random().toString(36).slice(2)}.jsonl`);
/** How often a text is looked at per test file: later samples are not better ones, and each costs a stack trace. */
const LOOKS = 12;
const SAMPLES = 5;
const LONGEST_SAMPLE = 1_500;
/** What carries statements and sends none of its own. */
const CARRIERS = /^libs\/database\/src\/(connections|database|queryable|bulk-load|session|gauges\/[\w-]+)\.[jt]s$/;
/** Transactions, settings and locks of a session: they name nothing that a schema has. */
const OF_THE_SESSION = /^\s*(begin|commit|rollback|savepoint|release|set|show|listen|unlisten|notify|prepare|deallocate|lock|drop|copy)\b/i;

const seen = new Map();
const write = (note) => appendFileSync(FILE, `${JSON.stringify(note)}\n`);
const sagas = new SagaNotes((note) => write({ saga: note }));

if (!Client.prototype.notesStatements) {
  const send = Client.prototype.query;
  Client.prototype.notesStatements = true;
  Client.prototype.query = function query(config, values, ...rest) {
    const text = typeof config === 'string' ? config : config?.text;
    const given = (typeof config === 'string' ? (Array.isArray(values) ? values : []) : config?.values) ?? [];
    if (typeof text !== 'string' || typeof config?.submit === 'function') return send.call(this, config, values, ...rest);
    note(this, text, given);
    const answer = send.call(this, config, values, ...rest);
    if (text.includes('saga_')) sagas.sent(text, given, answer);
    return answer;
  };
}

/** Processes that a test starts note what they send, too. Core modules are shared between the test files of one jest worker. */
if (!childProcess.spawn.notesStatements) {
  const { spawn } = childProcess;
  childProcess.spawn = (file, args, options) => spawn(file, args, withNotes(options));
  childProcess.spawn.notesStatements = true;
}

function withNotes(options) {
  if (!options?.env) return options;
  const NODE_OPTIONS = `${options.env.NODE_OPTIONS ?? ''} --require ${__filename}`.trim();
  return { ...options, env: { ...options.env, NODE_OPTIONS, RECORD_TO: process.env.RECORD_TO } };
}

function note(client, text, values) {
  const scope = scopeOf(client, text);
  if (scope === undefined || OF_THE_SESSION.test(text)) return;
  const known = seen.get(text) ?? { looks: 0, noted: new Set() };
  seen.set(text, known);
  if (++known.looks > LOOKS) return;
  const from = senderOf();
  if (from === undefined) return;
  const sample = JSON.stringify(values.map(asJson));
  const what = `${from} ${scope} ${known.noted.size < SAMPLES ? sample : ''}`;
  if (known.noted.has(what)) return;
  known.noted.add(what);
  write({ from, scope, text, count: values.length, ...(sample.length <= LONGEST_SAMPLE ? { sample: JSON.parse(sample) } : {}) });
}

/** By the settings of the connection; of others (owners, tests) there is none. */
function scopeOf(client, text) {
  const options = client.connectionParameters?.options ?? '';
  if (!options.includes('role=arcadia_service')) return undefined;
  if (options.includes('arcadia.scope=platform')) return 'platform';
  return text.startsWith('begin') ? undefined : 'tenant';
}

/**
 * The room of the product that sent it; undefined for a test or a migration, null where the stack does not say. Then record.mjs goes by
 * the text.
 */
function senderOf() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName() ?? site.getScriptNameOrSourceURL?.() ?? '');
  Error.stackTraceLimit = 60;
  const holder = {};
  Error.captureStackTrace(holder, note);
  const files = holder.stack;
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  for (const file of Array.isArray(files) ? files : []) {
    if (!file.startsWith(ROOT)) continue;
    const path = relative(ROOT, file).replace(/^dist\//, '');
    if (CARRIERS.test(path) || path.startsWith('node_modules/pg') || path === relative(ROOT, __filename)) continue;
    const room = /^((?:libs|apps)\/[^/]+)\/src\//.exec(path)?.[1];
    return /\.spec\.[jt]s$|\/migrations\//.test(path) ? undefined : room;
  }
  return null;
}

function asJson(value) {
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return null;
  return value === undefined ? null : value;
}
