import type { Command } from 'commander';
import type { Schemas } from '../session/client';
import { answered } from '../session/client';
import { usageError } from '../session/failure';
import { addList } from '../session/lists';
import { writeObject } from '../session/output';
import { SAGA_FIELDS, WAITING, waitIfAsked, watchSaga } from './saga-watch';
import type { CommandBook, Session } from '../session/session';

type Answer = Promise<{ data?: { data: Schemas['SagaResponse'] }; error?: unknown; response: Response }>;

export function addSagaCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'saga', 'Durable changes of the provider account');
  addList(book, group, {
    usage: 'ls',
    summary: 'list sagas, newest first',
    path: '/api/v1/sagas',
    filters: {
      status: 'statuses, with commas',
      kind: 'kind',
      tenant_id: 'tenant',
      resource_id: 'resource',
      created_by: 'who started it',
      since: 'created at this time or later',
      until: 'created before this time',
      q: 'part of the id, kind, starter, reason or name',
      paused: 'true or false',
      needs_attention: 'true: those that wait for a person',
      sort: '-created_at, created_at, -updated_at or updated_at',
    },
    fields: ['id', 'kind', 'status', 'tenant_id', 'target_name', 'created_by', 'created_at', 'error.code'],
    examples: [
      'saga ls --status running,awaiting_approval',
      'saga ls --kind provision_droplet --limit 20',
      'saga ls --status failed --exit-code',
      'saga ls --needs-attention true --sort -updated_at',
    ],
  });
  book.add(
    group,
    { usage: 'get <id>', summary: 'one saga with its steps', examples: ['saga get ID', 'saga get ID -o json'], watch: true },
    (session, id = '') =>
      session.show(session.client.GET('/api/v1/sagas/{id}', { params: { path: { id } } }), [
        ...SAGA_FIELDS,
        'context',
        'leftovers',
        'steps',
      ]),
  );
  book.add(
    group,
    {
      usage: 'watch <id>',
      summary: 'follow the steps of a saga until it has ended',
      options: { '--timeout <duration>': WAITING['--timeout <duration>'] },
      examples: ['saga watch ID', 'saga watch ID --timeout 10m -o json'],
    },
    (session, id = '') => watchSaga(session, id),
  );
  book.add(
    group,
    {
      usage: 'timeline <id>',
      summary: 'every try of every step, its waits, and calls at the provider',
      examples: ['saga timeline ID', 'saga timeline ID -o json'],
    },
    (session, id = '') =>
      session.show(session.client.GET('/api/v1/sagas/{id}/timeline', { params: { path: { id } } }), [
        'kind',
        'status',
        'paused_at',
        'wake_at',
        'steps',
        'relations',
        'worker',
        'provider_calls',
      ]),
  );
  const verb = (
    name: string,
    summary: string,
    reason: string,
    send: (session: Session, id: string) => Answer,
    more: Readonly<Record<string, string>> = {},
  ) =>
    book.add(
      group,
      {
        usage: `${name} <id>`,
        summary,
        options: { '--reason <text>': reason, ...more, ...WAITING },
        examples: [`saga ${name} ID --reason "agreed with acme"`, `saga ${name} ID --reason "agreed with acme" --wait --timeout 10m`],
      },
      async (session, id = '') => {
        const shape = session.shape(SAGA_FIELDS);
        const { data } = await answered(send(session, id));
        if (session.has('wait')) return waitIfAsked(session, data.id); // a redrive returns another saga
        await writeObject(session.terminal, shape, data);
        return undefined;
      },
    );
  const OPTIONAL = 'kept in the audit log';
  const REQUIRED = 'kept in the audit log; required';
  const at = (id: string) => ({ params: { path: { id } } });
  verb('cancel', 'undo a saga that has not passed its point of no return', OPTIONAL, ({ client, reason }, id) =>
    client.POST('/api/v1/sagas/{id}/cancel', { ...at(id), body: reason }),
  );
  verb('retry', 'run a failed saga again from the step that failed', OPTIONAL, ({ client, reason }, id) =>
    client.POST('/api/v1/sagas/{id}/retry', { ...at(id), body: reason }),
  );
  verb('release', 'release what a failed saga holds', REQUIRED, ({ client, neededReason }, id) =>
    client.POST('/api/v1/sagas/{id}/release', { ...at(id), body: neededReason }),
  );
  const VERSION = { '--expected-version <number>': 'refuse when somebody has changed the saga since this version' };
  const steer = (session: Session) => ({ ...session.neededReason, expected_version: numberOf(session, 'expectedVersion') });
  verb(
    'pause',
    'let the step in flight end, and no other begin',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/pause', { ...at(id), body: steer(s) }),
    VERSION,
  );
  verb(
    'resume',
    'let a paused saga go on',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/resume', { ...at(id), body: steer(s) }),
    VERSION,
  );
  verb(
    'retry-step',
    'give the current step fresh tries, now',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/retry-step', { ...at(id), body: steer(s) }),
    VERSION,
  );
  verb(
    'skip',
    'go on without the current step',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/skip', { ...at(id), body: { ...steer(s), output: resultOf(s) } }),
    { '--result <json>': 'what the step would have returned, where later steps use it', ...VERSION },
  );
  verb(
    'redrive',
    'start a rolled back saga again, as a new one',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/redrive', { ...at(id), body: steer(s) }),
    VERSION,
  );
  verb(
    'set-policy',
    'set tries, pauses and limits of one saga',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/set-policy', { ...at(id), body: { ...steer(s), ...policyOf(s) } }),
    { '--set <limit=number...>': `limits of ${POLICY.join(', ')}`, ...VERSION },
  );
  verb(
    'complete-with-output',
    'propose the output of a step whose outcome stayed unknown; another admin approves',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/complete-with-output', { ...at(id), body: { ...steer(s), output: neededResult(s) } }),
    { '--result <json>': 'what the step has done; required', ...VERSION },
  );
  verb(
    'give-up',
    'another name of release',
    REQUIRED,
    (s, id) => s.client.POST('/api/v1/sagas/{id}/give-up', { ...at(id), body: steer(s) }),
    VERSION,
  );
  verb('approve', 'approve a start, or the output of a step, that waits for an approval', OPTIONAL, ({ client, reason }, id) =>
    client.POST('/api/v1/sagas/{id}/approve', { ...at(id), body: reason }),
  );
  verb('reject', 'reject a start, or the output of a step, that waits for an approval', REQUIRED, ({ client, neededReason }, id) =>
    client.POST('/api/v1/sagas/{id}/reject', { ...at(id), body: neededReason }),
  );
}

function numberOf(session: Session, name: string): number | undefined {
  const text = session.text(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw usageError('--expected-version must be a whole number');
  return Number(text);
}

const POLICY = ['tries', 'backoff_ms', 'max_backoff_ms', 'time_limit_ms', 'wait_limit_ms'] as const;

function policyOf(session: Session): Partial<Record<(typeof POLICY)[number], number>> {
  const limits = session.list('set').map((pair) => {
    const [, name = '', value = ''] = /^(\w+)=(\d{1,10})$/.exec(pair) ?? [];
    if (!(POLICY as readonly string[]).includes(name))
      throw usageError(`--set ${pair} must be limit=number with one of ${POLICY.join(', ')}`);
    return [name, Number(value)] as const;
  });
  if (limits.length === 0) throw usageError('--set is required, such as --set tries=10');
  return Object.fromEntries(limits);
}

function neededResult(session: Session): Record<string, never> {
  const result = resultOf(session);
  if (result === undefined) throw usageError('--result is required, such as --result \'{"droplet_id":"512189"}\'');
  return result;
}

function resultOf(session: Session): Record<string, never> | undefined {
  const text = session.text('result');
  if (text === undefined) return undefined;
  try {
    const result: unknown = JSON.parse(text);
    if (typeof result === 'object' && result !== null && !Array.isArray(result)) return result as Record<string, never>;
  } catch {
    // the usage error below
  }
  throw usageError('--result must be a JSON object');
}
