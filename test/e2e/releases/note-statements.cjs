/**
 * Loaded by record.mjs into every process of the suites. Records each statement that product code sends, and the data of
 * sagas, in the folder RECORD_TO. Jest loads it before each test file (`setupFiles`), and node before the processes that
 * tests start (`--require`).
 */
const { appendFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const childProcess = require('node:child_process');
const { Client } = require('pg');
const { SagaNotes } = require('./note-sagas.cjs');

const ROOT = join(__dirname, '../../..');
const FILE = join(process.env.RECORD_TO, `${process.pid}-${Math.random().toString(36).slice(2)}.jsonl`);
/** The maximum number of samples of a text per test file. Later samples add nothing, and each costs a stack trace. */
const LOOKS = 12;
const SAMPLES = 5;
const LONGEST_SAMPLE = 1_500;
/** Code that passes on statements of others and sends none of its own. */
const CARRIERS =
  /^libs\/platform\/database\/src\/(database|database\.metrics|queryable|bulk-load|session|advisory-locks|orm\/[\w-]+)\.[jt]s$/;
/** Transactions, settings and locks of a session refer to nothing in the schema. */
const OF_THE_SESSION = /^\s*(begin|commit|rollback|savepoint|release|set|show|listen|unlisten|notify|prepare|deallocate|lock|drop|copy)\b/i;

/** Settings of the transaction may stand before a statement in one text. */
const SETTINGS_BEFORE = /^\s*(set local [^;]+;\s*)+/i;

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
    note(this, text.replace(SETTINGS_BEFORE, ''), given);
    const answer = send.call(this, config, values, ...rest);
    if (text.includes('saga_')) sagas.sent(text, given, answer);
    return answer;
  };
}

/** Processes that a test starts are recorded as well. Core modules are shared between the test files of one jest worker. */
if (!childProcess.spawn.notesStatements) {
  const { spawn } = childProcess;
  childProcess.spawn = (file, args, options) => spawn(file, args, withNotes(options));
  childProcess.spawn.notesStatements = true;
}

function withNotes(options) {
  if (!options?.env) return options;
  // A packed process has a driver of its own, which would send without a note.
  const NODE_OPTIONS = `${options.env.NODE_OPTIONS ?? ''} --conditions=unpacked --require ${__filename}`.trim();
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

/** Returns the scope from the settings of the connection. Connections of owners and tests have none. */
function scopeOf(client, text) {
  const options = client.connectionParameters?.options ?? '';
  if (!options.includes('role=arcadia_service')) return undefined;
  if (options.includes('arcadia.scope=platform')) return 'platform';
  return text.startsWith('begin') ? undefined : 'tenant';
}

/**
 * Returns the library or app that sent the statement, undefined for a test or a migration, and null where the stack trace
 * does not contain it. In that case record.mjs decides by the text.
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
    if (CARRIERS.test(path) || path.startsWith('node_modules/') || path === relative(ROOT, __filename)) continue;
    if (path.startsWith('processes/')) return null; // a packed process has no paths of libraries
    const room = /^((?:libs|apps)(?:\/[^/]+){1,2})\/src\//.exec(path)?.[1];
    return /\.spec\.[jt]s$|\/migrations\//.test(path) ? undefined : room;
  }
  return null;
}

function asJson(value) {
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return null;
  return value === undefined ? null : value;
}
