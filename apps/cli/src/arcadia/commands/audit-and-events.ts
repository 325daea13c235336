import type { Command } from 'commander';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { answered } from '../session/client';
import { lastSequence, streamedEvents } from '../session/event-stream';
import { EXIT, usageError } from '../session/failure';
import { addList, atMost, limitOf, pages } from '../session/lists';
import { type Row, type Shape, writeObject, writeRows } from '../session/output';
import type { CommandBook, Session } from '../session/session';

const EVENT = ['sequence', 'at', 'type', 'tenant_id', 'actor', 'subject.type', 'subject.name', 'data'];

export function addAuditCommands(book: CommandBook, program: Command): void {
  const audit = book.group(program, 'audit', 'The log of what people changed');
  addList(book, audit, {
    usage: 'ls',
    summary: 'list entries, newest first',
    path: '/api/v1/audit',
    filters: {
      actor: 'who',
      action: 'what, such as owner_set',
      target_type: 'kind of the changed object',
      target_id: 'id of the changed object',
      tenant_id: 'tenant',
      request_id: 'request',
      since: 'at this time or later',
      until: 'before this time',
    },
    fields: ['at', 'actor', 'action', 'target_type', 'target_name', 'target_id', 'reason'],
    examples: ['audit ls --actor operator --since 2026-11-01T00:00:00Z', 'audit ls --target-id ID -o json'],
  });
  book.add(
    audit,
    {
      usage: 'verify',
      summary: 'check that nothing of events and log was changed since it was recorded; exits with 1 when something was',
      options: {
        '--head <file>': 'a head that was kept: finds an end that was cut off since',
        '--keep-head <file>': 'for a schedule: compare with the head in this file, then write the new one there; the first run creates it',
      },
      examples: ['audit verify', 'audit verify --head head.json', 'audit verify --keep-head head.json'],
    },
    verify,
  );
  const events = book.group(program, 'events', 'The feed of what happened');
  book.add(
    events,
    {
      usage: 'tail',
      summary: 'print events as they happen, until Ctrl-C, also across restarts of the API; -o json prints one object a line',
      options: {
        '--after <sequence>': 'begin after this event instead of now',
        '--since <time>': 'begin at this time instead of now',
        ...EVENT_FILTER_OPTIONS,
        '--limit <count>': 'end after so many events',
      },
      examples: ['events tail', 'events tail --type saga.failed,drift.opened -o jsonl', 'events tail --after 1204 --limit 10'],
    },
    tail,
  );
}

async function verify(session: Session): Promise<number> {
  const shape = session.shape(['whole', 'rows', 'waiting', 'head.no', 'head.hash', 'archived_before', 'findings_count', 'findings']);
  const keepIn = session.text('keepHead');
  const compareWith = headFile(session, keepIn);
  const body = compareWith === undefined ? {} : { head: headIn(compareWith) };
  const { data } = await answered(session.client.POST('/api/v1/audit/verify', { body }));
  await writeObject(session.terminal, shape, { ...data });
  if (keepIn !== undefined && data.whole) writeHead(keepIn, data.head);
  return data.whole ? EXIT.ok : EXIT.failed;
}

interface Head {
  readonly no: string;
  readonly hash: string;
}

/** The file with the head to compare with; undefined when there is none yet. */
function headFile(session: Session, keepIn: string | undefined): string | undefined {
  const given = session.text('head');
  if (keepIn === undefined) return given;
  if (given !== undefined) throw usageError('--keep-head also compares with the head in its file: use either --head or --keep-head');
  if (existsSync(keepIn)) return keepIn;
  session.say(`There is no ${keepIn} yet: this run cannot find an end that was cut off earlier`);
  return undefined;
}

/** Throws a usage error for a file without a head: the API would verify without one when it is null. */
function headIn(file: string): Head {
  try {
    const head = JSON.parse(readFileSync(file, 'utf8')) as Partial<Head> | null;
    if (typeof head?.no === 'string' && typeof head.hash === 'string') return { no: head.no, hash: head.hash };
  } catch {
    // the usage error below
  }
  throw usageError(`The head in ${file} cannot be read: it must be a file that --keep-head wrote`);
}

/** The old head stays until the new one is complete. */
function writeHead(file: string, head: Head): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(head)}\n`);
  renameSync(`${file}.new`, file);
}

async function tail(session: Session): Promise<void> {
  const shape = session.shape(EVENT);
  const lines: Shape = shape.format === 'json' ? { ...shape, format: 'jsonl' } : shape;
  try {
    await writeRows(session.terminal, lines, atMost(newEvents(session), limitOf(session)));
  } catch (error) {
    if (!session.terminal.signal.aborted) throw error;
  }
}

/**
 * With `--since`, the events of the feed from that time on; then those of the stream. The end of the feed is read before the list, so an event
 * that happens between list and stream is in one of them, also when the list is empty.
 */
async function* newEvents(session: Session): AsyncGenerator<readonly Row[]> {
  const filters = eventFilters(session);
  const since = session.text('since');
  let after = session.text('after');
  if (since !== undefined) {
    const end = await lastSequence(session, filters);
    for await (const rows of pages(session, '/api/v1/events', { ...filters, since, ...(after !== undefined && { after }) })) {
      yield rows;
      const last = rows.at(-1)?.sequence;
      if (typeof last === 'number') after = String(last);
    }
    after = String(Math.max(end, Number(after ?? 0)));
  }
  yield* streamedEvents(session, filters, after);
}

/** Options of every command that reads the stream of events. */
export const EVENT_FILTER_OPTIONS = {
  '--type <types>': 'types, with commas',
  '--kind <kinds>': 'kinds, with commas',
  '--tenant-id <id>': 'tenant',
  '--resource-id <id>': 'resource',
  '--actor <name>': 'who',
} as const;
const NAMES = ['type', 'kind', 'tenantId', 'resourceId', 'actor'] as const;

/** The given filters, by the names of the query parameters. */
export function eventFilters(session: Session): Record<string, string> {
  const given = NAMES.flatMap((name) => {
    const value = session.text(name);
    return value === undefined ? [] : [[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value] as const];
  });
  return Object.fromEntries(given);
}
