import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type Answer, type ListSource, pageBody } from '../http/answer';
import type { ProviderRequest } from '../http/route';
import type { Effect, FaultRule } from './rule';

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
