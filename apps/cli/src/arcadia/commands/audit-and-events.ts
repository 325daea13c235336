import type { Command } from 'commander';
import { streamedEvents } from '../session/event-stream';
import { addList, atMost, limitOf, pages } from '../session/lists';
import { writeRows, type Row, type Shape } from '../session/output';
import type { CommandBook, Session } from '../session/session';
import { eventFilters, EVENT_FILTER_OPTIONS } from './event-filters';

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

async function tail(session: Session): Promise<void> {
  const shape = session.shape(EVENT);
  const lines: Shape = shape.format === 'json' ? { ...shape, format: 'jsonl' } : shape;
  try {
    await writeRows(session.terminal, lines, atMost(newEvents(session), limitOf(session)));
  } catch (error) {
    if (!session.terminal.signal.aborted) throw error;
  }
}

/** With `--since`, the events of the feed from that time on; then those of the stream, from where the feed ended. */
async function* newEvents(session: Session): AsyncGenerator<readonly Row[]> {
  const filters = eventFilters(session);
  const since = session.text('since');
  let after = session.text('after');
  if (since !== undefined) {
    for await (const rows of pages(session, '/api/v1/events', { ...filters, since, ...(after !== undefined && { after }) })) {
      yield rows;
      const last = rows.at(-1)?.sequence;
      if (typeof last === 'number') after = String(last);
    }
  }
  yield* streamedEvents(session, filters, after);
}
