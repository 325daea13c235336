import type { Command } from 'commander';
import type { Schemas } from '../session/client';
import { usageError } from '../session/failure';
import { addList } from '../session/lists';
import type { CommandBook, Session } from '../session/session';
import { addListen } from './webhook-listen';

const ENDPOINT = [
  'id',
  'url',
  'types',
  'status',
  'status_reason',
  'tenant_id',
  'description',
  'signing_secrets',
  'skipped_while_paused',
  'failing_since',
  'last_success_at',
  'created_by',
  'created_at',
] as const;
const DELIVERY = ['id', 'webhook_id', 'sequence', 'type', 'status', 'attempts', 'next_attempt_at', 'last_status', 'error_code'] as const;
/** The secret is in no later answer. */
const WITH_SECRET = ['id', 'url', 'types', 'status', 'secret'] as const;
const REASON = { '--reason <text>': 'kept in the audit log' };
const at = (id: string) => ({ params: { path: { id } } });

export function addWebhookCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'webhook', 'Endpoints that receive events as signed messages');
  addList(book, group, {
    usage: 'ls',
    summary: 'list endpoints, newest first',
    path: '/api/v1/webhooks',
    filters: { status: 'active, paused or disabled', tenant_id: 'tenant' },
    fields: ['id', 'status', 'tenant_id', 'url', 'types', 'failing_since', 'last_success_at'],
    examples: ['webhook ls', 'webhook ls --status disabled --exit-code'],
  });
  book.add(
    group,
    { usage: 'get <id>', summary: 'one endpoint', watch: true, examples: ['webhook get ID', 'webhook get ID -o json'] },
    (session, id = '') => session.show(session.client.GET('/api/v1/webhooks/{id}', at(id)), ENDPOINT),
  );
  book.add(
    group,
    {
      usage: 'create <url>',
      summary: 'create an endpoint, and print its secret, this once',
      options: {
        '--type <types>': 'types of events, with commas; every type by default',
        '--description <text>': 'for people',
        ...REASON,
      },
      examples: [
        'webhook create https://example.com/hooks/arcadia --type saga.failed,drift.opened',
        'webhook create https://example.com/hooks -o json',
      ],
    },
    (session, url = '') => {
      const types = (session.text('type') ?? '*').split(',') as Schemas['WebhookBody']['types']; // the API names a wrong one
      const description = session.text('description');
      const body = { url, types, ...(description !== undefined && { description }), ...session.reason };
      return session.show(session.client.POST('/api/v1/webhooks', { body }), WITH_SECRET);
    },
  );
  book.add(
    group,
    {
      usage: 'delete <id>',
      summary: 'delete an endpoint with its deliveries',
      examples: ['webhook delete ID'],
    },
    async (session, id = '') => {
      await session.confirm(`Delete the endpoint ${id} with its deliveries?`);
      await session.show(session.client.DELETE('/api/v1/webhooks/{id}', at(id)), ENDPOINT);
    },
  );
  addVerbs(book, group);
  addList(book, group, {
    usage: 'deliveries <id>',
    summary: 'what was sent to an endpoint, newest first, for 30 days',
    path: '/api/v1/webhooks/{id}/deliveries',
    filters: {
      status: 'pending, delivered or failed',
      type: 'types, with commas',
      since: 'at this time or later',
      until: 'before this time',
    },
    fields: ['id', 'sequence', 'type', 'status', 'attempts', 'last_attempt_at', 'last_status', 'error_code', 'next_attempt_at'],
    examples: ['webhook deliveries ID --status failed', 'webhook deliveries ID --status failed -o name | xargs -n1 arcadia webhook resend'],
  });
  addListen(book, group);
}

const SUBSCRIPTION = ['owner', 'tenant_id', 'email', 'chat_host', 'types', 'digest', 'changed_by', 'changed_at'] as const;

/** The mail and chat subscriptions of all admins and tenants. */
export function addSubscriptionCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'subscription', 'Mail and chat subscriptions of all admins and tenants');
  addList(book, group, {
    usage: 'ls',
    summary: 'list them by owner',
    path: '/api/v1/notification-subscriptions',
    filters: { role: 'platform_admin or tenant', tenant_id: 'tenant', q: 'part of the owner, address or host of the chat' },
    fields: [...SUBSCRIPTION],
    examples: ['subscription ls --role platform_admin'],
  });
  book.add(
    group,
    {
      usage: 'end <owner>',
      summary: 'end one, with the messages that wait; its owner may subscribe again',
      examples: ["subscription end 'admin ada'"],
    },
    async (session, owner = '') => {
      await session.confirm(`End the subscription of ${owner}, with the messages that wait?`);
      const path = { params: { path: { owner } } };
      await session.show(session.client.DELETE('/api/v1/notification-subscriptions/{owner}', path), SUBSCRIPTION);
    },
  );
}

function addVerbs(book: CommandBook, group: Command): void {
  const add = (
    usage: string,
    summary: string,
    options: Readonly<Record<string, string>>,
    example: string,
    run: (session: Session, id: string) => Promise<void>,
  ) =>
    book.add(
      group,
      { usage: `${usage} <id>`, summary, options: { ...options, ...REASON }, examples: [`webhook ${usage} ID${example}`] },
      (session, id = '') => run(session, id),
    );
  add('test', 'send a test message', {}, '', (s, id) =>
    s.show(s.client.POST('/api/v1/webhooks/{id}/test', { ...at(id), body: s.reason }), DELIVERY),
  );
  add(
    'pause',
    'send nothing until it is resumed; what is skipped meanwhile is counted, and can be replayed',
    {},
    ' --reason "maintenance"',
    (s, id) => s.show(s.client.POST('/api/v1/webhooks/{id}/pause', { ...at(id), body: s.reason }), ENDPOINT),
  );
  add('resume', 'send again, also to an endpoint that is disabled', {}, '', (s, id) =>
    s.show(s.client.POST('/api/v1/webhooks/{id}/resume', { ...at(id), body: s.reason }), ENDPOINT),
  );
  add(
    'rotate',
    'make a new secret, and print it, this once; the old one signs too for a day',
    { '--overlap-hours <number>': 'for how long the previous secrets sign too, 24 by default; 0 ends them now' },
    ' --overlap-hours 1',
    (s, id) =>
      s.show(s.client.POST('/api/v1/webhooks/{id}/rotate', { ...at(id), body: { overlap_hours: hoursOf(s), ...s.reason } }), WITH_SECRET),
  );
  add(
    'replay',
    'send the events since a time once more, at most 1,000',
    { '--since <time>': 'required' },
    ' --since 2026-11-01T00:00:00Z',
    (s, id) =>
      s.show(s.client.POST('/api/v1/webhooks/{id}/replay', { ...at(id), body: { since: s.needed('since'), ...s.reason } }), ['replayed']),
  );
  add('resend', 'send one delivery once more, by the id of the delivery', {}, '', (s, id) =>
    s.show(s.client.POST('/api/v1/webhook-deliveries/{id}/resend', { ...at(id), body: s.reason }), DELIVERY),
  );
}

function hoursOf(session: Session): number {
  const text = session.text('overlapHours') ?? '24';
  if (!/^\d{1,3}$/.test(text)) throw usageError('--overlap-hours must be a whole number of hours');
  return Number(text);
}
