import type { Command } from 'commander';
import { addList } from '../session/lists';
import type { CommandBook } from '../session/session';

const SWEEP = [
  'id',
  'kind',
  'trigger',
  'status',
  'reason',
  'seen',
  'discovered',
  'updated',
  'missing',
  'deleted',
  'started_at',
  'finished_at',
];

export function addSweepCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'sweep', 'Reads of the provider account, kind by kind');
  addList(book, group, {
    usage: 'ls',
    summary: 'list sweeps, newest first',
    path: '/api/v1/sweeps',
    filters: {
      kind: 'kind',
      status: 'running, complete, incomplete, suspect, released, refused or not_available; several with commas',
      trigger: 'schedule, first, manual or action_feed',
      since: 'started at this time or later',
      until: 'started before this time',
    },
    fields: ['id', 'kind', 'trigger', 'status', 'seen', 'missing', 'deleted', 'started_at', 'reason'],
    examples: ['sweep ls --kind droplet --limit 10', 'sweep ls --status suspect --exit-code'],
  });
  book.add(
    group,
    {
      usage: 'run <kind>',
      summary: 'sweep a kind now',
      options: { '--reason <text>': 'kept in the audit log' },
      examples: ['sweep run droplet', 'sweep run volume --reason "after the outage"'],
    },
    (session, kind = '') => session.show(session.client.POST('/api/v1/sweeps', { body: { kind, ...session.reason } }), SWEEP),
  );
  book.add(
    group,
    {
      usage: 'release <id>',
      summary: 'let a suspect sweep strike the resources that it missed',
      options: { '--reason <text>': 'kept in the audit log; required' },
      examples: ['sweep release ID --reason "acme deleted its old fleet"'],
    },
    (session, id = '') =>
      session.show(session.client.POST('/api/v1/sweeps/{id}/release', { params: { path: { id } }, body: session.neededReason }), SWEEP),
  );
}
