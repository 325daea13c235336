import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderRefusal } from '../http/provider-refusal';
import type { Answer } from '../http/answer';
import type { FaultEngine } from './fault-engine';
import { isAfterEffect, type FaultRule } from './rule';
import { statusAnswer } from './status-answer';

/** What a fault makes of a request: let it go on, answer something else, or break the connection. */
export type ResponseClass = { type: 'go_on' } | { type: 'answer'; answer: Answer } | { type: 'drop' };

/** What the phases need to know of the request. */
export interface FaultedRequest {
  /** Aborted when the client has gone away. */
  abandoned: AbortSignal;
  /** Lets the request take effect `ms` later, with nobody listening. */
  commitLater: (ms: number) => void;
}

const GO_ON: ResponseClass = { type: 'go_on' };

/** Plays the faults that come before the effect. The first one that does not let the request go on decides. */
export async function playBefore(engine: FaultEngine, fired: FaultRule[], request: FaultedRequest): Promise<ResponseClass> {
  for (const rule of fired.filter(({ effect }) => !isAfterEffect(effect))) {
    const verdict = await play(engine, rule, request);
    if (verdict.type !== 'go_on') return verdict;
  }
  return GO_ON;
}

/** Plays the faults that come after the effect. */
export async function playAfter(engine: FaultEngine, fired: FaultRule[], request: FaultedRequest): Promise<ResponseClass> {
  for (const rule of fired.filter(({ effect }) => isAfterEffect(effect))) {
    const verdict = await play(engine, rule, request);
    if (verdict.type !== 'go_on') return verdict;
  }
  return GO_ON;
}

async function play(engine: FaultEngine, rule: FaultRule, { abandoned, commitLater }: FaultedRequest): Promise<ResponseClass> {
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
      return abandoned.aborted ? { type: 'drop' } : GO_ON;
    case 'hold':
      await engine.untilRemoved(rule, abandoned);
      return abandoned.aborted ? { type: 'drop' } : GO_ON;
    case 'truncate':
    case 'page_shift':
    case 'hide':
    case 'other_account':
      break; // they change the text of the answer, see bent-answers and rendered-answer
  }
  return GO_ON;
}
