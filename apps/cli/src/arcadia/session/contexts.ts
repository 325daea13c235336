import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Endpoint } from './client';
import { EXIT, Failure, usageError } from './failure';
import type { Terminal } from './terminal';

/** A named API with its token. */
interface Context {
  readonly api: string;
  readonly token: string;
}

interface ContextFile {
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, Context>>;
}

type Environment = Terminal['env'];

/** `ARCADIA_CONFIG`, or `arcadia/contexts.json` in the user's folder of configurations. */
export function contextFile(env: Environment): string {
  return env.ARCADIA_CONFIG || join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'arcadia', 'contexts.json');
}

/** Throws a `Failure` when other accounts of the machine could read the tokens. */
export function readContexts(env: Environment): ContextFile {
  const file = contextFile(env);
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return { current: null, contexts: {} };
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Failure(EXIT.failed, `Others can read ${file}, which contains tokens: run chmod 600 ${file}`, 'context_file_open');
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ContextFile;
  } catch {
    throw new Failure(EXIT.failed, `${file} is not JSON: correct it, or delete it and add the contexts again`, 'context_file_broken');
  }
}

/** The file is readable by the user's account alone, and appears whole or not at all. */
function writeContexts(env: Environment, contexts: ContextFile): void {
  const file = contextFile(env);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(draft, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}

export function addContext(env: Environment, name: string, context: Context): void {
  const { contexts } = readContexts(env);
  writeContexts(env, { current: name, contexts: { ...contexts, [name]: context } });
}

export function useContext(env: Environment, name: string): void {
  const known = readContexts(env);
  contextNamed(known, name);
  writeContexts(env, { ...known, current: name });
}

function contextNamed({ contexts }: ContextFile, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found) return found;
  const known = Object.keys(contexts).join(', ') || 'none';
  throw new Failure(EXIT.notFound, `There is no context ${name}; known: ${known}`, 'context_not_found');
}

/** An address without its last slash. Throws a usage error for anything but http and https. */
export function apiAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw usageError(`${text} is not an http or https address of an API`);
  if (url.username || url.password) throw usageError('The address of an API has no user or password');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * The API and token of a command. The API is that of `--context`, else `ARCADIA_API`, `ARCADIA_CONTEXT`, the context in use, or the system
 * of `npm start` on this machine. A stored token is sent only to the API that it is stored with.
 */
export function resolveEndpoint(env: Environment, flags: { readonly context?: string }, givenToken: string | undefined): Endpoint {
  const token = givenToken ?? (env.ARCADIA_TOKEN || undefined);
  if (flags.context === undefined && env.ARCADIA_API) return { api: apiAddress(env.ARCADIA_API), token };
  const known = readContexts(env);
  const name = flags.context ?? (env.ARCADIA_CONTEXT || known.current || undefined);
  const stored = name === undefined ? runningSystem(env) : contextNamed(known, name);
  if (stored) return { api: stored.api, token: token ?? stored.token };
  throw usageError('No API is known: run arcadia context add, set ARCADIA_API and ARCADIA_TOKEN, or run npm start in this folder');
}

/** What `npm start` wrote for its admin, while it runs. */
function runningSystem(env: Environment): Context | undefined {
  try {
    const note = JSON.parse(readFileSync(join(env.DATA_DIR || '.data', 'run.json'), 'utf8')) as Record<string, unknown>;
    return typeof note.api === 'string' && typeof note.admin_token === 'string' ? { api: note.api, token: note.admin_token } : undefined;
  } catch {
    return undefined;
  }
}
