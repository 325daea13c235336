import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type Answer, ControlError, type ListSource, pageBody, type ProviderRequest } from '../http/route';

/** The effects of faults. The README describes each of them. */
const EFFECT_TYPES = [
  'status',
  'lose_answer',
  'late_commit',
  'reset',
  'hold',
  'delay',
  'truncate',
  'page_shift',
  'hide',
  'other_account',
  'respell',
  'revoke',
] as const;

type EffectType = (typeof EFFECT_TYPES)[number];

export interface Effect {
  type: EffectType;
  /** HTTP status of `status`, and of the response that `late_commit` sends at once (without it the connection is broken). */
  status?: number;
  /**
   * `status`: "json" (default), "html", an object, or a text that is sent as HTML. `hide`: `{ids}` or `{ratio}`.
   * `page_shift`: `{total: "drops" | "stays"}`.
   */
  body?: unknown;
  /** `delay`: real milliseconds. `late_commit`: milliseconds of the simulator's clock. `status`: the value of retry-after. */
  ms?: number;
  /** True or "effect": the request takes effect before the fault. */
  after?: boolean | 'effect';
}

interface FaultMatch {
  method?: string;
  /** `*` matches any text, slashes included; a path without it must be equal. */
  path?: string;
  /** Query parameters that the request must have; it may have more. */
  query?: Record<string, string | number>;
  /** Fires for the nth matching request only (1-based). */
  nth?: number;
  /** Share of the matching requests, drawn from the seeded generator. */
  probability?: number;
  /** Matches requests with this token only; the ledger reports the fingerprint. */
  token_fingerprint?: string;
}

export interface FaultRule {
  id: string;
  match: FaultMatch;
  /** The highest number of times that the rule fires; without it there is no limit. */
  times?: number;
  effect: Effect;
}

/** Whether the request takes effect before the fault. */
export function isAfterEffect(effect: Effect): boolean {
  return effect.after === true || effect.after === 'effect' || effect.type === 'lose_answer';
}

type Fields = Record<string, unknown>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 1;
const isAmount: Check = (value) => typeof value === 'number' && value >= 0;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const RULE: Record<string, Check> = { id: isText, match: isObject, times: isCount, effect: isObject };
const MATCH: Record<string, Check> = {
  method: isText,
  path: isText,
  query: isObject,
  nth: isCount,
  probability: (value) => isAmount(value) && Number(value) <= 1,
  token_fingerprint: isText,
};
const EFFECT: Record<string, Check> = {
  type: (value) => EFFECT_TYPES.some((type) => type === value),
  status: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  body: () => true,
  ms: isAmount,
  after: (value) => typeof value === 'boolean' || value === 'effect',
};

/** Reads `{rules: […]}`. Refuses a misspelt field or type, because a rule that never fires proves nothing. */
export function parseRules(body: unknown): FaultRule[] {
  if (!isObject(body) || !Array.isArray(body.rules)) throw new ControlError('Send {"rules": [{id, match, times, effect}]}');
  const rules = body.rules.map((rule, index) => parseRule(rule, index));
  const repeated = rules.find((rule, index) => rules.findIndex((other) => other.id === rule.id) !== index);
  if (repeated !== undefined) throw new ControlError(`Rule id "${repeated.id}" is used twice`);
  return rules;
}

function parseRule(input: unknown, index: number): FaultRule {
  if (!isObject(input)) throw new ControlError(`rules[${index}] must be an object`);
  const rule: Fields = { id: `rule-${index + 1}`, match: {}, ...input };
  checkFields(rule, RULE, `rules[${index}]`);
  checkFields(rule.match as Fields, MATCH, `rules[${index}].match`);
  checkFields(rule.effect as Fields, EFFECT, `rules[${index}].effect`);
  const { type, ms } = rule.effect as Fields;
  if (type === undefined) throw new ControlError(`rules[${index}].effect.type is missing: one of ${EFFECT_TYPES.join(', ')}`);
  if ((type === 'delay' || type === 'late_commit') && ms === undefined)
    throw new ControlError(`rules[${index}].effect.ms is needed for ${type}`);
  return rule as unknown as FaultRule;
}

function checkFields(fields: Fields | undefined, checks: Record<string, Check>, where: string): void {
  if (fields === undefined) throw new ControlError(`${where} is missing`);
  for (const [name, value] of Object.entries(fields)) {
    const check = checks[name];
    if (check === undefined) throw new ControlError(`${where} has no field "${name}": ${Object.keys(checks).join(', ')}`);
    if (value !== undefined && !check(value)) throw new ControlError(`${where}.${name} has a wrong value: ${JSON.stringify(value)}`);
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** A response with its final bytes, also when a fault delays sending it. */
export interface RenderedAnswer {
  status: number;
  type: string;
  text: string;
  headers: Record<string, string>;
}

/** Renders an answer and applies the fired faults to it. `draw` returns numbers in [0, 1). */
export function renderAnswer(answer: Answer, request: ProviderRequest, fired: FaultRule[], draw: () => number): RenderedAnswer {
  const faulted = applyListFaults(answer, fired, draw);
  if (faulted.kind === 'empty') return { status: faulted.status, type: JSON_TYPE, text: '', headers: {} };
  if (faulted.kind === 'text')
    return { status: faulted.status, type: faulted.type, text: cut(faulted.body, fired), headers: faulted.headers ?? {} };
  const { status, body, headers } =
    faulted.kind === 'json'
      ? faulted
      : { status: 200, body: { ...pageBody(faulted.key, faulted.source, faulted.paged, request), ...faulted.beside }, headers: undefined };
  return { status, type: JSON_TYPE, text: cut(jsonText(body, fired, draw), fired), headers: headers ?? {} };
}

function jsonText(body: unknown, fired: FaultRule[], draw: () => number): string {
  const types = new Set(fired.map(({ effect }) => effect.type));
  const own = types.has('other_account') ? withOtherAccountIds(body) : body;
  return JSON.stringify(types.has('respell') ? respelled(own, draw) : own);
}

/** Fields with a text that the provider returns in one letter case, but accepts in any. */
const CASELESS = new Set(['slug', 'size_slug', 'region_slug']);

/**
 * Writes a body in another notation of the same values: entries of lists inside objects in another order, IPv6 addresses in long form or in
 * capitals, slugs in capitals, and nothing as null, as an absent field, as `""` or as `[]`. The list of the objects itself keeps its order.
 */
function respelled(value: unknown, draw: () => number, field = '', depth = 0): unknown {
  if (Array.isArray(value)) {
    const parts = value.map((part) => respelled(part, draw, field, depth + 1));
    if (parts.length === 0) return depth > 1 && draw() < 0.5 ? null : parts;
    const turned = depth > 1 ? Math.floor(draw() * parts.length) : 0;
    return [...parts.slice(turned), ...parts.slice(0, turned)];
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, part]) => [name, respelled(part, draw, name, depth + 1)] as const);
    return Object.fromEntries(depth > 1 ? fields.filter(([, part]) => part !== null || draw() < 0.5) : fields);
  }
  if (typeof value !== 'string') return value;
  if (value === '') return draw() < 0.5 ? null : value;
  const address = value.split('/')[0] ?? '';
  if (isIPv6(address)) return value.replace(address, draw() < 0.5 ? longIpv6(address) : address.toUpperCase());
  return CASELESS.has(field) && draw() < 0.5 ? value.toUpperCase() : value;
}

function longIpv6(address: string): string {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = address.includes('::') ? Array<string>(8 - head.length - tail.length).fill('0') : [];
  return [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(':');
}

/** Applies `truncate`: the HTTP response is complete, but its text ends in the middle. */
function cut(text: string, fired: FaultRule[]): string {
  return fired.some(({ effect }) => effect.type === 'truncate') ? text.slice(0, Math.floor(text.length / 2)) : text;
}

/** Applies `page_shift` and `hide` to a list and leaves any other answer unchanged. */
function applyListFaults(answer: Answer, fired: FaultRule[], draw: () => number): Answer {
  if (answer.kind !== 'list') return answer;
  return fired.reduce<Answer & { kind: 'list' }>((faulted, { effect }) => {
    if (effect.type === 'page_shift') return { ...faulted, source: shifted(faulted.source, effect, draw) };
    if (effect.type === 'hide') return { ...faulted, source: hidden(faulted.source, effect) };
    return faulted;
  }, answer);
}

/** Simulates a deletion on an earlier page: every later item moves up by one, and the item at the page boundary is never listed. */
function shifted(source: ListSource, effect: Effect, draw: () => number): ListSource {
  const requested = (effect.body as { total?: string } | undefined)?.total;
  const drops = requested === undefined ? draw() < 0.5 : requested === 'drops';
  return { total: drops ? Math.max(0, source.total - 1) : source.total, slice: (from, to) => source.slice(from + 1, to + 1) };
}

/** The list as a token without the scope gets it: fewer items or none, a matching total, and no error. */
function hidden(source: ListSource, effect: Effect): ListSource {
  const { ids, ratio } = (effect.body ?? {}) as { ids?: unknown[]; ratio?: number };
  if (ids === undefined && ratio === undefined) return { total: 0, slice: () => [] };
  const hiddenIds = new Set(ids?.map(String));
  const kept = source.slice(0, source.total).filter((item) => !hiddenIds.has(identify(item)) && hashShare(identify(item)) >= (ratio ?? 0));
  return { total: kept.length, slice: (from, to) => kept.slice(from, to) };
}

function identify(item: unknown): string {
  const { id, urn, uuid, slug, ip, name, invoice_uuid, description } = item as Record<string, unknown>;
  return String(id ?? urn ?? uuid ?? slug ?? ip ?? name ?? invoice_uuid ?? description);
}

function hashShare(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** Replaces account, team and owner ids in a body by those of another account. */
function withOtherAccountIds(body: unknown, inAccount = false): unknown {
  if (Array.isArray(body)) return body.map((item) => withOtherAccountIds(item, inAccount));
  if (typeof body !== 'object' || body === null) return body;
  const entries = Object.entries(body).map(([name, value]) => {
    if (typeof value === 'string' && (name === 'owner_uuid' || (inAccount && name === 'uuid'))) return [name, otherUuid(value)];
    if (name === 'owner_id' && typeof value === 'number') return [name, value + 1_000_003];
    return [name, withOtherAccountIds(value, inAccount || name === 'account')];
  });
  return Object.fromEntries(entries);
}

function otherUuid(uuid: string): string {
  const hex = createHash('sha256').update(uuid).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
