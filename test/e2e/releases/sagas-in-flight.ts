import { ACME, type ProvisioningWorld } from '../../support/provisioning-world';

type Fields = Record<string, unknown>;
type Action = { readonly type: string } & Fields;

/** An intent that a release recorded, with the run at that time. */
export interface RecordedIntent {
  readonly kind: string;
  readonly step: string;
  readonly what: string;
  readonly when: 'running' | 'compensating';
  readonly value: Fields & { readonly records?: readonly Fields[]; readonly before?: Fields | null; readonly others?: readonly string[] };
  readonly run: {
    readonly input: Fields & { readonly fields?: readonly string[] };
    readonly context: Record<string, Fields>;
    readonly steps: readonly string[];
    readonly step_idx: number;
    readonly pivot_passed: boolean;
    readonly ledger: readonly (Fields & { readonly step_idx: number; readonly name: string; readonly status: string })[];
  };
}

/** What the worker of the old release did before it died: it recorded the intent, and then sent the write or not. */
export interface Boundary {
  readonly recorded: RecordedIntent;
  readonly sent: boolean;
}

const SIZES = { old: 's-1vcpu-1gb', new: 's-2vcpu-4gb' };
const zoneOf = (nth: number) => `case-${nth}.example`;

/** The boundaries of an intent: the write was sent, or it was not. An intent with the id of an action was recorded after its send. */
export function boundariesOf(recorded: RecordedIntent): Boundary[] {
  const { goal, actionId, asked, remade } = recorded.value;
  const isAction = ['power_off', 'power_on', 'resize', 'resize_with_disk', 'rename', 'set_backups'].includes(recorded.step);
  if (isAction && goal === undefined) return [{ recorded, sent: false }];
  if (typeof actionId === 'string' || remade !== undefined) return [{ recorded, sent: true }];
  return asked === true || !isAction || actionId === null ? [false, true].map((sent) => ({ recorded, sent })) : [];
}

/** Brings the zones of all boundaries to the provider in one change, before a saga runs: a list that is written back later undoes deletes. */
export async function placeZones(world: ProvisioningWorld, boundaries: readonly Boundary[]): Promise<void> {
  const { domains, domain_records: known } = await world.simulator.account();
  const zones = boundaries.flatMap((boundary, nth) =>
    isOfZone(boundary) ? [{ name: zoneOf(nth), records: recordsOf(boundary, nth) }] : [],
  );
  await world.simulator.change({
    domains: [...domains, ...zones.map(({ name }) => ({ name }))],
    domain_records: [...known, ...zones.flatMap(({ records }) => records)],
  });
}

/**
 * Stores the saga at its boundary, and brings its droplet there. Its zone stands already.
 * Returns the saga's id and the provider's id of its droplet.
 */
export async function placeSaga(world: ProvisioningWorld, boundary: Boundary, nth: number) {
  const { recorded } = boundary;
  const [row] = await world.database.query<{ id: string }>('select arcadia_uuid() as id');
  const sagaId = row?.id ?? '';
  const replaced = isOfZone(boundary)
    ? { dropletId: undefined, texts: zoneTexts(boundary, nth) }
    : await placeDroplet(world, boundary, sagaId);
  let text = JSON.stringify(recorded);
  for (const [was, is] of replaced.texts) text = text.replaceAll(was, is);
  const { kind, when, value, run } = JSON.parse(text) as RecordedIntent;
  const input: RecordedIntent['run']['input'] = { ...run.input, ...('project_id' in run.input && { project_id: world.projectId }) };
  const begunMs = Math.max(0, ...Object.values(value).filter((field) => typeof field === 'number'));
  const current = run.ledger.find((line) => line.step_idx === run.step_idx) ?? { name: recorded.step, status: 'running', output: null };
  const lines = [...run.ledger.filter((line) => line.step_idx !== run.step_idx), { ...current, step_idx: run.step_idx, intent: value }];
  // One statement, because the engine claims the saga as soon as its row is committed.
  await world.database.query(
    `with run as (insert into saga_runs (id, kind, input, context, steps, status, step_idx, pivot_passed, created_by, epoch)
                  values ($1, $2, $3, $4, $5, $6, $7, $8, 'ada', 1))
     insert into saga_steps (saga_id, step_idx, name, status, intent, output, started_at, tried_since)
     select $1, l.step_idx, l.name, l.status, l.intent, l.output, begun.at, begun.at
       from json_to_recordset($9::json) as l(step_idx int, name text, status text, intent jsonb, output jsonb),
            (select clock_timestamp() - $10 * interval '1 millisecond' as at) begun`,
    [sagaId, kind, input, run.context, run.steps, when, run.step_idx, run.pivot_passed, JSON.stringify(lines), begunMs],
  );
  return { sagaId, dropletId: replaced.dropletId, zone: zoneOf(nth), input };
}

interface Placed {
  readonly dropletId: number | undefined;
  /** Recorded texts and their replacements. */
  readonly texts: readonly (readonly [string | RegExp, string])[];
}

async function placeDroplet(world: ProvisioningWorld, { recorded, sent }: Boundary, sagaId: string): Promise<Placed> {
  const { kind, step, when, value, run } = recorded;
  const call = world.simulator.call.bind(world.simulator);
  const isCreate = step === 'create_droplet' && when === 'running';
  if (isCreate && !sent) return { dropletId: undefined, texts: [] };
  const tags = kind === 'provision_droplet' ? ['managed-by-arcadia-cloud', `arcadia-saga-${sagaId}`] : ((value.from ?? []) as unknown);
  const name = step === 'rename' ? value.from : (run.input.name ?? 'web-1');
  const order = {
    name,
    size: SIZES.old,
    region: 'fra1',
    image: 'ubuntu-24-04-x64',
    ...(Array.isArray(tags) && { tags }),
    backups: step === 'set_backups' && value.from === true,
  };
  const { droplet } = (await call('POST', '/v2/droplets', order)) as { droplet: { id: number } };
  const path = `/v2/droplets/${droplet.id}`;
  const act = async (action: Action) => ((await call('POST', `${path}/actions`, action)) as { action: { id: number } }).action.id;
  let actionId: number | undefined;
  if (run.steps.includes('power_off')) {
    const from = kind === 'revert_droplet' ? SIZES.new : SIZES.old;
    if (from === SIZES.new) for (const action of resizeTo(SIZES.new)) await act(action);
    const forward = resizeTo(String(run.input.size_slug), step === 'resize_with_disk');
    const idx = forward.findIndex((_action, at) => ['power_off', 'resize', 'power_on'][at] === step.replace('_with_disk', ''));
    const undo: Action[] = [{ type: 'power_on' }, { type: 'resize', size: from, disk: false }, { type: 'power_off' }];
    const before = when === 'running' ? forward.slice(0, idx) : [...forward, ...undo.slice(idx + 1).toReversed()];
    for (const action of before) actionId = await act(action);
    const goal = typeof value.goal === 'string' ? (JSON.parse(value.goal) as Action) : undefined;
    const undone = when === 'running' || goal?.type !== forward[idx]?.type || goal?.size !== forward[idx]?.size;
    if (sent && goal && undone) actionId = await act(goal);
  } else if (typeof value.goal === 'string') {
    if (sent) actionId = await act(JSON.parse(value.goal) as Action);
  } else if (step === 'take_snapshot') {
    if (sent || when === 'compensating') actionId = await act({ type: 'snapshot', name: `arcadia-snap-${droplet.id}-${sagaId}` });
  } else if (step === 'assign_project' || (step === 'create_droplet' && when === 'compensating')) {
    if (sent && step === 'assign_project')
      await call('POST', `/v2/projects/${ACME}/resources`, { resources: [`do:droplet:${droplet.id}`] });
    if (sent && step === 'create_droplet') await call('DELETE', path);
  } else if (step === 'destroy_droplet' || step === 'mark_deleted') {
    if (sent) await call('DELETE', path);
  } else if (step === 'set_tags' && sent) {
    const resources = [{ resource_id: String(droplet.id), resource_type: 'droplet' }];
    for (const tag of run.input.tags as string[]) {
      await call('POST', '/v2/tags', { name: tag });
      await call('POST', `/v2/tags/${tag}/resources`, { resources });
    }
  }
  const recordedIds = [run.input.droplet_id, run.context.create_droplet?.droplet_id].filter((id) => typeof id === 'string');
  return {
    dropletId: droplet.id,
    texts: [
      [/arcadia-snap-\d+-[0-9a-f-]{36}/g, `arcadia-snap-${droplet.id}-${sagaId}`],
      ...recordedIds.map((id) => [id, String(droplet.id)] as const),
      ...(actionId === undefined ? [] : [[/316959\d{4}/g, String(actionId)] as const]),
    ],
  };
}

const resizeTo = (size: string, disk = false): Action[] => [{ type: 'power_off' }, { type: 'resize', size, disk }, { type: 'power_on' }];

const isOfZone = ({ recorded }: Boundary) => recorded.kind.endsWith('dns_record');
const recordIdOf = (nth: number, id: unknown) => 1_900_000_000 + nth * 1_000 + (Number(id) % 1_000);

/** The records that a zone has at a boundary. */
function recordsOf({ recorded, sent }: Boundary, nth: number): Fields[] {
  const { step, when, value, run } = recorded;
  const { dns_record_type: type, dns_record_name: name, dns_record_data: data } = run.input;
  const wanted = { type, name, data: String(data).replace(/\.$/, ''), ttl: run.input.dns_record_ttl ?? 1800, priority: run.input.dns_record_priority, tag: run.input.dns_record_tag, flags: run.input.dns_record_flags }; // prettier-ignore
  const ours = { ...wanted, id: '1800000111' };
  const siblings = (value.others ?? []).filter((id) => id !== value.before?.id).map((id) => ({ ...wanted, id, data: 'sibling.example' }));
  const records: Fields[] = [...siblings];
  if (step === 'delete_record')
    records.push(...((when === 'running') === sent ? [] : (value.records ?? []).map((one) => ({ ...one, ...(when === 'compensating' && { id: '1800000111' }) })))); // prettier-ignore
  else if (value.op === 'update') records.push({ ...value.before, ...(sent && defined(wanted)) });
  else if (when === 'running') records.push(...(sent ? [ours] : []));
  else if (!sent) records.push({ ...ours, id: (value.removed as string[])[0] });
  return records.map((one) => ({ ...defined(one), id: recordIdOf(nth, one.id), domain: zoneOf(nth) }));
}

function zoneTexts({ recorded: { value } }: Boundary, nth: number): Placed['texts'] {
  const ids = [...new Set(JSON.stringify(value).match(/"(1800\d{6}|1739652589)"/g) ?? [])].map((quoted) => quoted.slice(1, -1));
  return [['shop.example', zoneOf(nth)], ...ids.map((id) => [id, String(recordIdOf(nth, id))] as const)];
}

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
