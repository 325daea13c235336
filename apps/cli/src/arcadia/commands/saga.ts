import type { Command } from 'commander';
import type { Schemas } from '../session/client';
import { answered } from '../session/client';
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
    },
    fields: ['id', 'kind', 'status', 'tenant_id', 'target_name', 'created_by', 'created_at', 'error.code'],
    examples: [
      'saga ls --status running,awaiting_approval',
      'saga ls --kind provision_droplet --limit 20',
      'saga ls --status failed --exit-code',
    ],
  });
  book.add(
    group,
    { usage: 'get <id>', summary: 'one saga with its steps', examples: ['saga get ID', 'saga get ID -o json'] },
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
  const verb = (name: string, summary: string, reason: string, send: (session: Session, id: string) => Answer) =>
    book.add(
      group,
      {
        usage: `${name} <id>`,
        summary,
        options: { '--reason <text>': reason, ...WAITING },
        examples: [`saga ${name} ID --reason "agreed with acme"`, `saga ${name} ID --reason "agreed with acme" --wait --timeout 10m`],
      },
      async (session, id = '') => {
        const shape = session.shape(SAGA_FIELDS);
        const { data } = await answered(send(session, id));
        if (session.has('wait')) return waitIfAsked(session, id);
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
  verb('approve', 'approve a start that waits for an approval', OPTIONAL, ({ client, reason }, id) =>
    client.POST('/api/v1/sagas/{id}/approve', { ...at(id), body: reason }),
  );
  verb('reject', 'reject a start that waits for an approval', REQUIRED, ({ client, neededReason }, id) =>
    client.POST('/api/v1/sagas/{id}/reject', { ...at(id), body: neededReason }),
  );
}
