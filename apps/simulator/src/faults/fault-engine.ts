import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Answer, pageOf, ProviderRefusal, type RefusalId, REFUSALS } from '../http/route';
import type { SeededRandom } from '../world/random';
import { type Effect, type FaultRule, isAfterEffect } from './rule';

/** Whether a rule was sent again unchanged, so that it keeps its counts. */
function isSameRule(one: FaultRule, other: FaultRule): boolean {
  return isDeepStrictEqual(one, other);
}

/** The part of a request that rules are compared with. */
interface FaultTarget {
  method: string;
  path: string;
  query: Record<string, string>;
  tokenFingerprint: string;
}

interface ActiveRule {
  rule: FaultRule;
  matched: number;
  fired: number;
  waiting: Set<() => void>;
}

export type FaultReport = FaultRule & { matched: number; fired: number; held: number };

/** The active fault rules, with how often each has matched and fired. */
export class FaultEngine {
  private activeRules: ActiveRule[] = [];

  constructor(private random: SeededRandom) {}

  /** Replaces all rules. An unchanged rule keeps its counts and its held requests; requests held by a removed rule continue. */
  replace(rules: FaultRule[]): void {
    const before = this.activeRules;
    this.activeRules = rules.map(
      (rule) => before.find((old) => isSameRule(old.rule, rule)) ?? { rule, matched: 0, fired: 0, waiting: new Set() },
    );
    for (const old of before) if (!this.activeRules.includes(old)) for (const release of old.waiting) release();
  }

  /** Removes all rules and replaces the random generator. */
  reset(random: SeededRandom): void {
    this.replace([]);
    this.random = random;
  }

  /** Draws a number in [0, 1) from the generator that also decides probabilities. */
  draw(): number {
    return this.random.next();
  }

  report(): FaultReport[] {
    return this.activeRules.map(({ rule, matched, fired, waiting }) => ({ ...rule, matched, fired, held: waiting.size }));
  }

  /** Returns the rules that fire for a request, in their given order, and counts them. */
  fire(target: FaultTarget): FaultRule[] {
    return this.activeRules.filter((active) => this.fires(active, target)).map((active) => active.rule);
  }

  /** Resolves when the rule is removed, or when `abandoned` reports that the client has closed the connection. */
  async untilRemoved(rule: FaultRule, abandoned: AbortSignal): Promise<void> {
    const active = this.activeRules.find((candidate) => candidate.rule === rule);
    if (active === undefined || abandoned.aborted) return;
    await new Promise<void>((resolve) => {
      const release = (): void => {
        active.waiting.delete(release);
        abandoned.removeEventListener('abort', release);
        resolve();
      };
      active.waiting.add(release);
      abandoned.addEventListener('abort', release, { once: true });
    });
  }

  private fires(active: ActiveRule, target: FaultTarget): boolean {
    const { match, times, effect } = active.rule;
    if (!matches(active.rule, target)) return false;
    if (effect.type === 'page_shift' && pageOf(target.query).page < 2) return false;
    active.matched += 1;
    if (match.nth !== undefined && active.matched !== match.nth) return false;
    if (times !== undefined && active.fired >= times) return false;
    if (match.probability !== undefined && this.random.next() >= match.probability) return false;
    active.fired += 1;
    return true;
  }
}

function matches({ match }: FaultRule, target: FaultTarget): boolean {
  if (match.method !== undefined && match.method !== '*' && match.method.toUpperCase() !== target.method) return false;
  if (match.path !== undefined && !matchesPath(match.path, target.path)) return false;
  if (match.token_fingerprint !== undefined && match.token_fingerprint !== target.tokenFingerprint) return false;
  return Object.entries(match.query ?? {}).every(([name, value]) => target.query[name] === String(value));
}

function matchesPath(pattern: string, path: string): boolean {
  const expression = pattern.replace(/\/+$/, '').replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${expression.replaceAll('*', '.*')}$`).test(path);
}

/** The decision of a fault: continue with the request, send another response, or break the connection. */
type FaultOutcome = { type: 'continue' } | { type: 'answer'; answer: Answer } | { type: 'drop' };

/** The part of a request that faults act on. */
export interface FaultedRequest {
  /** Aborted when the client has closed the connection. */
  abandoned: AbortSignal;
  /** Schedules the effect of the request `ms` later; its response is dropped. */
  commitLater: (ms: number) => void;
}

const CONTINUE: FaultOutcome = { type: 'continue' };

/** Applies the faults that precede the effect. The first one that does not continue decides. */
export async function playBefore(engine: FaultEngine, fired: FaultRule[], request: FaultedRequest): Promise<FaultOutcome> {
  for (const rule of fired.filter(({ effect }) => !isAfterEffect(effect))) {
    const outcome = await play(engine, rule, request);
    if (outcome.type !== 'continue') return outcome;
  }
  return CONTINUE;
}

/** Applies the faults that follow the effect. */
export async function playAfter(engine: FaultEngine, fired: FaultRule[], request: FaultedRequest): Promise<FaultOutcome> {
  for (const rule of fired.filter(({ effect }) => isAfterEffect(effect))) {
    const outcome = await play(engine, rule, request);
    if (outcome.type !== 'continue') return outcome;
  }
  return CONTINUE;
}

async function play(engine: FaultEngine, rule: FaultRule, { abandoned, commitLater }: FaultedRequest): Promise<FaultOutcome> {
  const { effect } = rule;
  switch (effect.type) {
    case 'status':
      return { type: 'answer', answer: statusAnswer(effect) };
    case 'revoke':
      throw new ProviderRefusal('unauthorized', 'Unable to authenticate you.');
    case 'reset':
    case 'lose_answer':
      return { type: 'drop' };
    case 'late_commit':
      commitLater(effect.ms ?? 0);
      return effect.status === undefined ? { type: 'drop' } : { type: 'answer', answer: statusAnswer({ ...effect, ms: undefined }) };
    case 'delay':
      await sleep(effect.ms, undefined, { signal: abandoned }).catch(() => undefined);
      return abandoned.aborted ? { type: 'drop' } : CONTINUE;
    case 'hold':
      await engine.untilRemoved(rule, abandoned);
      return abandoned.aborted ? { type: 'drop' } : CONTINUE;
    case 'truncate':
    case 'page_shift':
    case 'hide':
    case 'other_account':
    case 'respell':
      break; // these change the body of the response, see response-faults
  }
  return CONTINUE;
}

const CLOUDFLARE = new Set([502, 504, 520, 521, 522, 523, 524]);
const TEXTS: Record<number, string> = {
  401: 'Unable to authenticate you.',
  403: 'You are not authorized to perform this operation',
  404: 'The resource you were accessing could not be found.',
  422: 'Droplet already has a pending event.',
  429: 'API Rate limit exceeded.',
  503: 'Service is currently unavailable.',
};

/** The response of a `status` fault. Cloudflare sends 502, 504 and 520–524 as HTML, unless the rule asks for JSON. */
function statusAnswer(effect: Effect): Answer {
  const status = effect.status ?? 500;
  const headers = effect.ms === undefined ? undefined : { 'retry-after': String(Math.ceil(effect.ms / 1000)) };
  if (status === 204) return { kind: 'empty', status };
  if (typeof effect.body === 'object' && effect.body !== null) return { kind: 'json', status, body: effect.body, headers };
  if (effect.body === 'html' || (effect.body === undefined && CLOUDFLARE.has(status))) {
    return { kind: 'text', status, type: 'text/html; charset=UTF-8', body: cloudflarePage(status), headers };
  }
  if (typeof effect.body === 'string' && effect.body !== 'json') {
    return { kind: 'text', status, type: 'text/html; charset=UTF-8', body: effect.body, headers };
  }
  const id = (Object.keys(REFUSALS) as RefusalId[]).find((known) => REFUSALS[known] === status) ?? 'server_error';
  return { kind: 'json', status, body: { id, message: TEXTS[status] ?? 'Server was unable to give you a response.' }, headers };
}

function cloudflarePage(status: number): string {
  const reason: Record<number, string> = {
    502: 'Bad gateway',
    504: 'Gateway time-out',
    522: 'Connection timed out',
    524: 'A timeout occurred',
  };
  const title = `api.digitalocean.com | ${status}: ${reason[status] ?? 'Web server is returning an unknown error'}`;
  return `<!DOCTYPE html>\n<html lang="en-US"><head><title>${title}</title></head><body><h1>Error ${status}</h1><p>cloudflare</p></body></html>\n`;
}
