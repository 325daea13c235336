import { ControlError } from '../http/route';
import type { DropletRecord, MemberRecord } from '../world/records';
import { type CollectionName, DEFAULT_LIMITS, FIRST_IDS, KEY_OF, type State } from '../world/state';
import { DEFAULT_VISIBILITY_DELAYS } from '../world/visibility-delay';
import { apiTime } from '../world/world';
import { completeRecords, readBillingHistory, readDroplet, readInvoices } from './record-documents';

type Fields = Record<string, unknown>;

/** The state after a `PUT /_simulator/account`: the given top-level keys replace those of the current state, the others stay. */
export function applyAccountDocument(current: State, document: unknown, nowMs: number): State {
  const given = asFields(document, 'the document');
  for (const name of Object.keys(given)) {
    if (!(name in current)) throw new ControlError(`There is no "${name}" in the account: ${Object.keys(current).join(', ')}`);
  }
  const next = { ...current, ...given } as State;
  next.lags = readNumbers('lags', current.lags, given.lags);
  next.limits = readNumbers('limits', current.limits, given.limits);
  next.settings = { ...current.settings, ...(given.settings as Partial<State['settings']>) };
  next.counters = readNumbers('counters', current.counters, given.counters);
  if (!Array.isArray(next.tokens) || next.tokens.some((token) => typeof token !== 'string' || token === '')) {
    throw new ControlError('tokens must be a list of texts');
  }
  for (const name of Object.keys(KEY_OF) as CollectionName[])
    if (name in given) (next as unknown as Fields)[name] = completeRecords(name, readRecords(name, given[name]), next, nowMs);
  if ('domains' in given && !('domain_records' in given)) next.domain_records = withoutOrphanRecords(next);
  if ('invoices' in given) next.invoices = readInvoices(readRecords('invoices', given.invoices), nowMs);
  if ('billing_history' in given) next.billing_history = readBillingHistory(readRecords('billing_history', given.billing_history), nowMs);
  if ('droplets' in given) next.droplets = readDroplets(next, given.droplets as unknown[], nowMs);
  if ('members' in given) next.members = readMembers(next, given.members as unknown[], nowMs);
  if ('droplets' in given) next.members = withDefaultMembers(next, current.droplets, nowMs);
  return withCountersAbove(next);
}

/** A stored state, completed: names that are newer than the file get their defaults, and the token of the environment is accepted. */
export function upgradeState(stored: State, token: string): State {
  const tokens = stored.tokens.includes(token) ? stored.tokens : [...stored.tokens, token];
  return {
    ...stored,
    tokens,
    lags: { ...DEFAULT_VISIBILITY_DELAYS, ...stored.lags },
    counters: { ...stored.counters, domain_record: stored.counters.domain_record ?? FIRST_IDS.domain_record },
    limits: { ...DEFAULT_LIMITS, ...stored.limits },
  };
}

export function asFields(input: unknown, what: string): Fields {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new ControlError(`${what} must be a JSON object`);
  return input as Fields;
}

/** Given numbers replace the current ones by name. Unknown names and negative numbers are refused. */
function readNumbers<T extends object>(what: string, current: T, given: unknown): T {
  if (given === undefined) return current;
  const fields = asFields(given, what);
  for (const [name, value] of Object.entries(fields)) {
    if (!(name in current)) throw new ControlError(`There is no "${name}" in ${what}: ${Object.keys(current).join(', ')}`);
    if (typeof value !== 'number' || (value < 0 && name !== 'random')) throw new ControlError(`${what}.${name} must be a number from 0 on`);
  }
  return { ...current, ...fields };
}

function readRecords(name: CollectionName, input: unknown): Fields[] {
  if (!Array.isArray(input)) throw new ControlError(`${name} must be a list`);
  return input.map((record, index) => asFields(record, `${name}[${index}]`));
}

function readDroplets(next: State, input: unknown[], nowMs: number): DropletRecord[] {
  let lastId = Math.max(next.counters.droplet, 0);
  const droplets = input.map((record, index) => {
    const fields = asFields(record, `droplets[${index}]`);
    return readDroplet({ id: fields.id ?? ++lastId, created_at: apiTime(nowMs), ...fields }, `droplets[${index}]`, next);
  });
  if (new Set(droplets.map(({ id }) => id)).size !== droplets.length) throw new ControlError('Two droplets have the same id');
  return droplets;
}

function readMembers(next: State, input: unknown[], nowMs: number): MemberRecord[] {
  const projects = new Set(next.projects.map(({ id }) => id));
  let lastId = Math.max(next.counters.member, ...idsOf(input));
  return input.map((record, index) => {
    const member = { status: 'ok' as const, assigned_at: apiTime(nowMs), ...(record as Partial<MemberRecord>) };
    if (typeof member.urn !== 'string' || typeof member.project_id !== 'string')
      throw new ControlError(`members[${index}] needs urn and project_id`);
    if (!projects.has(member.project_id)) throw new ControlError(`members[${index}].project_id is not the id of a project`);
    return { ...member, urn: member.urn, project_id: member.project_id, id: member.id ?? ++lastId };
  });
}

/** Removes DNS records of domains that are not in the list. */
function withoutOrphanRecords({ domains, domain_records }: State): State['domain_records'] {
  const names = new Set(domains.map(({ name }) => name));
  return domain_records.filter(({ domain }) => names.has(domain));
}

/** Adds new droplets to the default project, unless the document gives their membership. */
function withDefaultMembers(next: State, before: DropletRecord[], nowMs: number): MemberRecord[] {
  const known = new Set(before.map(({ id }) => id));
  const members = new Set(next.members.map(({ urn }) => urn));
  const project = next.projects.find(({ is_default }) => is_default);
  const unassigned = next.droplets.filter(({ id }) => !known.has(id) && !members.has(`do:droplet:${id}`));
  if (project === undefined || unassigned.length === 0) return next.members;
  let lastId = Math.max(next.counters.member, ...idsOf(next.members));
  const added = unassigned.map(({ id }) => {
    return { id: ++lastId, project_id: project.id, urn: `do:droplet:${id}`, assigned_at: apiTime(nowMs), status: 'ok' as const };
  });
  return [...next.members, ...added];
}

/** Raises the counters above all existing ids. */
function withCountersAbove(state: State): State {
  const above = (counter: number, records: { id: number }[]): number => records.reduce((highest, { id }) => Math.max(highest, id), counter);
  const { droplet, image, action, member, domain_record, pending, random } = state.counters;
  return {
    ...state,
    counters: {
      droplet: above(droplet, state.droplets),
      image: above(
        image,
        state.images.filter((candidate) => !candidate.public),
      ),
      action: above(action, state.actions),
      member: above(member, state.members),
      domain_record: above(domain_record, state.domain_records),
      pending: above(pending, state.pending),
      random,
    },
  };
}

function idsOf(records: unknown[]): number[] {
  return [records.reduce<number>((highest, record) => Math.max(highest, Number((record as { id?: unknown }).id ?? 0)), 0)];
}
