import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { answered, hasUnknownOutcome, reached, refusal, type Schemas } from '../session/client';
import { EXIT, exitCodeOf, Failure } from '../session/failure';
import { inputSchemaOf, orderInput, type ApiDocument } from './order-input';
import { writeObject } from '../session/output';
import { SAGA_FIELDS, WAITING, waitIfAsked } from './saga-watch';
import type { CommandBook, Session } from '../session/session';

export const PLAN_FIELDS = [
  'kind',
  'plan_hash',
  'cost.delta_monthly',
  'downtime.expected',
  'approval.required',
  'warnings',
  'steps',
  'refused',
];

/** A connection that was lost is often there again after this time. */
const REPEAT_PAUSE_MS = 1_000;

/** Kinds that destroy or give up something. */
const CANNOT_BE_UNDONE = /^(destroy|delete|release|restore)_/;

export function addOrderCommand(book: CommandBook, program: Command): void {
  book.add(
    program,
    {
      usage: 'order <kind>',
      summary: 'start a saga, such as provision_droplet; without --set it says what the kind needs',
      options: {
        '--set <field=value...>': 'a field of the order; lists have commas, or are JSON',
        '--dry-run': 'show the plan and change nothing',
        '--exit-code': 'with --dry-run: exit with 3 when the plan has changes',
        '--plan-hash <hash>': 'start only what this plan says, else exit with 6',
        '--idempotency-key <key>': 'a repeated start with the same key starts nothing new; a new key by default',
        '--override': 'admins: start despite limits and approval; needs a reason',
        '--reason <text>': 'kept in the audit log',
        ...WAITING,
      },
      examples: [
        'order provision_droplet',
        'order provision_droplet --set name=shop-1 size_slug=s-1vcpu-2gb region=fra1 image=ubuntu-24-04-x64 --dry-run',
        'order resize_droplet --set resource_id=ID size_slug=s-2vcpu-4gb --wait --timeout 20m',
      ],
    },
    order,
  );
}

async function order(session: Session, kind = ''): Promise<number> {
  const schema = inputSchemaOf(await apiDocument(session), kind);
  const input = orderInput(schema, session.list('set'));
  const planHash = session.text('planHash');
  const body = {
    kind,
    input,
    ...session.reason,
    ...(planHash === undefined ? {} : { plan_hash: planHash }),
    ...(session.has('override') ? { override: true } : {}),
  } as Schemas['SagaBody'];
  if (session.has('dryRun')) return plan(session, body);
  if (CANNOT_BE_UNDONE.test(kind)) await session.confirm(`${kind} cannot be undone. Start it for ${Object.values(input).join(' ')}?`);
  const shape = session.shape(SAGA_FIELDS);
  const saga = await start(session, body, session.text('idempotencyKey') ?? randomUUID());
  if (!session.has('wait')) await writeObject(session.terminal, shape, saga);
  return waitIfAsked(session, saga.id);
}

/**
 * Starts the saga. A request with an unknown outcome is repeated once with the same key, which starts nothing twice [SAG-17]. When the outcome
 * stays unknown, or the user ends the command before the answer, the key is printed, because an order with a new one would be a second order.
 */
async function start(session: Session, body: Schemas['SagaBody'], key: string): Promise<Schemas['SagaResponse']> {
  const headers = { 'idempotency-key': key };
  const post = async () => (await answered(session.client.POST('/api/v1/sagas', { body, headers }))).data as Schemas['SagaResponse'];
  let isRepeated = false;
  try {
    return await post().catch(async (error: unknown) => {
      if (!hasUnknownOutcome(error)) throw error;
      isRepeated = true;
      await session.terminal.pause(REPEAT_PAUSE_MS);
      return post();
    });
  } catch (error) {
    if (isRepeated || !(error instanceof Failure))
      session.say(`The saga may have started. Repeat the order with --idempotency-key ${key}, which starts nothing twice`);
    throw error;
  }
}

async function plan(session: Session, body: Schemas['SagaBody']): Promise<number> {
  const shape = session.shape(PLAN_FIELDS);
  const call = session.client.POST('/api/v1/sagas', { body, params: { query: { dry_run: 'true' } } });
  const { data } = await answered(call);
  return writePlan(session, shape, data as Schemas['PlanResponse']);
}

/** Writes a plan. Throws a `Failure` for a plan that would be refused, once it is written. */
export async function writePlan(session: Session, shape: ReturnType<Session['shape']>, planned: Schemas['PlanResponse']): Promise<number> {
  await writeObject(session.terminal, shape, planned);
  if (planned.refused) throw new Failure(exitCodeOf(planned.refused.status), planned.refused.detail, planned.refused.code);
  const changes = planned.creates.length + planned.changes.length + planned.destroys.length;
  return changes > 0 && session.has('exitCode') ? EXIT.findings : EXIT.ok;
}

/** The document of the API that the command talks to, whatever release it is of. It is public. */
async function apiDocument(session: Session): Promise<ApiDocument> {
  const response = await reached(fetch(`${session.endpoint.api}/api/openapi.json`, { signal: session.terminal.signal }));
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok || body === undefined) throw refusal(response, body);
  return body as ApiDocument;
}
