import type { Command } from 'commander';
import { answered, type Schemas } from '../session/client';
import { usageError } from '../session/failure';
import { addList } from '../session/lists';
import { writeObject } from '../session/output';
import { WAITING, waitIfAsked } from './saga-watch';
import { durationMs, type CommandBook, type Session } from '../session/session';
import { PLAN_FIELDS, writePlan } from './order';

const REASON = { '--reason <text>': 'kept in the audit log' };
const DRIFT = ['id', 'kind', 'resource_name', 'tenant_id', 'field', 'expected', 'actual', 'status', 'severity', 'saga_id'];
const RULE = ['id', 'tenant_id', 'kind', 'resource_id', 'field', 'reason', 'expires_at'];

export function addDriftCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'drift', 'Differences between what was ordered and what runs');
  addList(book, group, {
    usage: 'ls',
    summary: 'list drifts',
    path: '/api/v1/drift',
    filters: {
      status: 'open, accepted, reverted or stale',
      severity: 'low, medium, high or critical',
      kind: 'kind of the resource',
      field: 'field that differs',
      tenant_id: 'tenant',
      resource_id: 'resource',
      ignored: 'true or false',
    },
    fields: ['id', 'severity', 'kind', 'resource_name', 'tenant_id', 'field', 'expected', 'actual', 'monthly_price_delta', 'detected_at'],
    examples: ['drift ls --status open --severity high', 'drift ls --status open --exit-code -o name'],
  });
  book.add(
    group,
    {
      usage: 'accept <id>',
      summary: 'make the live value the desired one',
      options: { '--expect <json>': 'accept only this live value; by default the one that the drift has now', ...REASON },
      examples: ['drift accept ID --reason "resized by hand, agreed"', 'drift accept ID --expect \'"s-2vcpu-4gb"\''],
    },
    async (session, id = '') => {
      const expected = await expectedValue(session, id);
      const body = { expected, ...session.reason };
      await session.show(session.client.POST('/api/v1/drift/{id}/accept', { params: { path: { id } }, body }), DRIFT);
    },
  );
  book.add(
    group,
    {
      usage: 'revert <id>',
      summary: 'bring the live value back to the desired one, by a saga',
      options: {
        '--dry-run': 'show the plan and change nothing',
        '--exit-code': 'with --dry-run: exit with 3 when the plan has changes',
        '--plan-hash <hash>': 'start only what this plan says, else exit with 6',
        ...REASON,
        ...WAITING,
      },
      examples: ['drift revert ID --dry-run', 'drift revert ID --reason "not agreed" --wait'],
    },
    revert,
  );
  book.add(
    group,
    {
      usage: 'ignore [id]',
      summary: 'add a rule, with an end, that keeps such drifts out of the inbox',
      options: {
        '--for <duration>': 'how long, such as 30d',
        '--until <time>': 'until this time',
        '--kind <kind>': 'drifts of this kind; without an id',
        '--field <field>': 'drifts of this field; without an id',
        '--tenant <id>': 'drifts of this tenant; without an id',
        '--resource <id>': 'drifts of this resource; without an id',
        '--reason <text>': 'kept with the rule; required',
      },
      examples: [
        'drift ignore ID --for 30d --reason "migration of acme"',
        'drift ignore --kind droplet --field tags --for 7d --reason "new tags"',
      ],
    },
    async (session, id) => {
      const rule = { reason: session.needed('reason'), expires_at: end(session) };
      const body = { ...(await subject(session, id)), ...rule };
      await session.show(session.client.POST('/api/v1/drift-rules', { body }), RULE);
    },
  );
}

async function expectedValue(session: Session, id: string): Promise<unknown> {
  const given = session.text('expect');
  if (given === undefined) return (await driftOf(session, id)).actual;
  try {
    return JSON.parse(given);
  } catch {
    throw usageError(`--expect must be JSON; a text has double quotes: '"${given}"'`);
  }
}

async function driftOf(session: Session, id: string): Promise<Schemas['DriftResponse']> {
  return (await answered(session.client.GET('/api/v1/drift/{id}', { params: { path: { id } } }))).data;
}

async function revert(session: Session, id = ''): Promise<number> {
  const params = { path: { id } };
  const hash = session.text('planHash');
  const body = { ...session.reason, ...(hash === undefined ? {} : { plan_hash: hash }) };
  if (session.has('dryRun')) {
    const shape = session.shape(PLAN_FIELDS);
    const call = session.client.POST('/api/v1/drift/{id}/revert', { params: { ...params, query: { dry_run: 'true' } }, body });
    return writePlan(session, shape, (await answered(call)).data as Schemas['DriftPlanResponse']);
  }
  const shape = session.shape(DRIFT);
  const { data } = await answered(session.client.POST('/api/v1/drift/{id}/revert', { params, body }));
  const drift = data as Schemas['DriftResponse'];
  if (session.has('wait') && drift.saga_id !== null) return waitIfAsked(session, drift.saga_id);
  await writeObject(session.terminal, shape, drift);
  return 0;
}

async function subject(session: Session, id: string | undefined): Promise<Partial<Schemas['DriftRuleBody']>> {
  const given = {
    kind: session.text('kind'),
    field: session.text('field'),
    tenant_id: session.text('tenant'),
    resource_id: session.text('resource'),
  };
  const isGiven = Object.values(given).some((value) => value !== undefined);
  if ((id === undefined) !== isGiven) throw usageError('Give either the id of a drift, or --kind, --field, --tenant or --resource');
  if (id === undefined) return given;
  const { resource_id, field } = await driftOf(session, id);
  return { resource_id, field };
}

/** A rule of this command always has an end: a drift that is ignored for ever is forgotten. */
function end(session: Session): string {
  const duration = session.text('for');
  const time = session.text('until');
  if ((duration === undefined) === (time === undefined)) throw usageError('Give either --for or --until');
  return time ?? new Date(session.terminal.now() + durationMs(duration ?? '')).toISOString();
}
