import { createHash } from 'node:crypto';
import type { Answer, ListSource } from '../http/answer';
import type { Effect, FaultRule } from './rule';

/** Lists as `page_shift` and `hide` show them; other answers are left alone. */
export function bendList(answer: Answer, fired: FaultRule[], draw: () => number): Answer {
  if (answer.kind !== 'list') return answer;
  return fired.reduce<Answer & { kind: 'list' }>((bent, { effect }) => {
    if (effect.type === 'page_shift') return { ...bent, source: shifted(bent.source, effect, draw) };
    if (effect.type === 'hide') return { ...bent, source: hidden(bent.source, effect) };
    return bent;
  }, answer);
}

/** An item of an earlier page has vanished since: every later item moved up by one, and the one on the seam is never shown. */
function shifted(source: ListSource, effect: Effect, draw: () => number): ListSource {
  const asked = (effect.body as { total?: string } | undefined)?.total;
  const drops = asked === undefined ? draw() < 0.5 : asked === 'drops';
  return { total: drops ? Math.max(0, source.total - 1) : source.total, slice: (from, to) => source.slice(from + 1, to + 1) };
}

/** The list of a token that lost a scope: fewer rows or none, a fitting total, and no error. */
function hidden(source: ListSource, effect: Effect): ListSource {
  const { ids, ratio } = (effect.body ?? {}) as { ids?: unknown[]; ratio?: number };
  if (ids === undefined && ratio === undefined) return { total: 0, slice: () => [] };
  const gone = new Set(ids?.map(String));
  const kept = source.slice(0, source.total).filter((item) => !gone.has(identify(item)) && hashShare(identify(item)) >= (ratio ?? 0));
  return { total: kept.length, slice: (from, to) => kept.slice(from, to) };
}

function identify(item: unknown): string {
  const { id, urn, uuid, slug, ip, name, invoice_uuid, description } = item as Record<string, unknown>;
  return String(id ?? urn ?? uuid ?? slug ?? ip ?? name ?? invoice_uuid ?? description);
}

function hashShare(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** The same body with account, team and owner ids of another account. */
export function ofOtherAccount(body: unknown, inAccount = false): unknown {
  if (Array.isArray(body)) return body.map((item) => ofOtherAccount(item, inAccount));
  if (typeof body !== 'object' || body === null) return body;
  const entries = Object.entries(body).map(([name, value]) => {
    if (typeof value === 'string' && (name === 'owner_uuid' || (inAccount && name === 'uuid'))) return [name, otherUuid(value)];
    if (name === 'owner_id' && typeof value === 'number') return [name, value + 1_000_003];
    return [name, ofOtherAccount(value, inAccount || name === 'account')];
  });
  return Object.fromEntries(entries);
}

function otherUuid(uuid: string): string {
  const hex = createHash('sha256').update(uuid).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
