import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { authorization, checkedToken, reached, refusal } from '../session/client';
import { addContext, apiAddress, contextFile, readContexts, useContext } from '../session/contexts';
import { EXIT, usageError } from '../session/failure';
import type { CommandBook, Session } from '../session/session';

const ME = ['sub', 'role', 'tenant.id', 'tenant.name', 'tenant.status', 'permissions'];

export function addContextCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'context', 'Named APIs with their tokens');
  book.add(
    group,
    {
      usage: 'add <name>',
      summary: 'store an API and its token, and use it from now on',
      options: {
        '--api <url>': 'address of the API; ARCADIA_API by default',
        '--token-file <file>': 'read the token from a file; --token-stdin and ARCADIA_TOKEN work too',
      },
      examples: [
        'context add prod --api https://cloud.example --token-file ~/arcadia.token',
        'context add prod --api https://cloud.example --token-stdin < token',
      ],
    },
    async (session, name = '') => {
      const api = apiAddress(session.text('api') ?? (session.terminal.env.ARCADIA_API || session.needed('api')));
      addContext(session.terminal.env, name, { api, token: tokenOf(session) });
      session.say(`Context ${name} is stored in ${contextFile(session.terminal.env)} and in use`);
    },
  );
  book.add(
    group,
    { usage: 'use <name>', summary: 'use a stored context from now on', examples: ['context use staging'] },
    async (session, name = '') => {
      useContext(session.terminal.env, name);
      session.say(`Context ${name} is in use`);
    },
  );
  book.add(
    group,
    { usage: 'list', summary: 'list the stored contexts, without their tokens', examples: ['context list'] },
    async (session) => {
      const { current, contexts } = readContexts(session.terminal.env);
      const rows = Object.entries(contexts).map(([id, { api }]) => ({ id, api, current: id === current }));
      await session.write(once(rows), ['id', 'api', 'current']);
    },
  );
  book.add(program, { usage: 'me', summary: 'who the token is for and what it may do', examples: ['me', 'me -o json'] }, (session) =>
    session.show(session.client.GET('/api/v1/me'), ME),
  );
  book.add(
    program,
    {
      usage: 'api <method> <path>',
      summary: 'send one request to any route and print the answer as it is',
      options: { '--data <json>': 'body of the request; - reads it from standard input' },
      examples: ['api GET /api/v1/drift/summary', 'api POST /api/v1/drift/detect --data \'{"reason":"after the outage"}\''],
    },
    sendRequest,
  );
}

async function* once<T>(rows: readonly T[]): AsyncGenerator<readonly T[]> {
  yield rows;
}

function tokenOf(session: Session): string {
  const file = session.text('tokenFile');
  if (file !== undefined && session.has('tokenStdin')) throw usageError('Give either --token-file or --token-stdin');
  const token = file === undefined ? session.token : readToken(file);
  if (!token) throw usageError('A token is needed: --token-stdin, --token-file or ARCADIA_TOKEN. It is never an argument');
  return checkedToken(token);
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw usageError(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function sendRequest(session: Session, method = '', path = ''): Promise<number> {
  if (!path.startsWith('/')) throw usageError('The path begins with a slash, such as /api/v1/me');
  const { api, token } = session.endpoint;
  const data = session.text('data');
  if (data === '-' && session.has('tokenStdin')) throw usageError('Standard input is either the token or the body');
  const body = data === '-' ? await session.terminal.stdin() : data;
  const headers = { ...authorization(token), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const { signal } = session.terminal;
  const response = await reached(fetch(`${api}${path}`, { method: method.toUpperCase(), headers, body, signal, redirect: 'error' }));
  const text = await reached(response.text());
  if (text) await session.terminal.out(text.endsWith('\n') ? text : `${text}\n`);
  if (response.ok) return EXIT.ok;
  throw refusal(response, parsed(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
