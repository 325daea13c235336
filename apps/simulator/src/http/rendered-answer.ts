import type { Response } from 'express';
import { bendList, ofOtherAccount } from '../faults/bent-answers';
import type { FaultRule } from '../faults/rule';
import type { Answer } from './answer';
import { pageBody } from './page';
import type { ProviderRefusal } from './provider-refusal';
import type { ProviderRequest } from './route';

const JSON_TYPE = 'application/json; charset=utf-8';

/** An answer as bytes: what it says is fixed now, even if it is held back. */
export interface RenderedAnswer {
  status: number;
  type: string;
  text: string;
  headers: Record<string, string>;
}

/** The provider's error answer for a refusal. */
export function refusalAnswer(refusal: ProviderRefusal, requestId: string): Answer {
  const body = refusal.body ?? { id: refusal.id, message: refusal.message, request_id: requestId };
  return { kind: 'json', status: refusal.status, body };
}

/** Renders an answer as the faults that fired leave it. `draw` answers numbers in [0, 1). */
export function renderAnswer(answer: Answer, request: ProviderRequest, fired: FaultRule[], draw: () => number): RenderedAnswer {
  const bent = bendList(answer, fired, draw);
  if (bent.kind === 'empty') return { status: bent.status, type: JSON_TYPE, text: '', headers: {} };
  if (bent.kind === 'text') return { status: bent.status, type: bent.type, text: cut(bent.body, fired), headers: bent.headers ?? {} };
  const { status, body, headers } =
    bent.kind === 'json'
      ? bent
      : { status: 200, body: { ...pageBody(bent.key, bent.source, bent.paged, request), ...bent.beside }, headers: undefined };
  return { status, type: JSON_TYPE, text: cut(jsonText(body, fired), fired), headers: headers ?? {} };
}

export function writeAnswer(response: Response, { status, type, text, headers }: RenderedAnswer): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

function jsonText(body: unknown, fired: FaultRule[]): string {
  return JSON.stringify(fired.some(({ effect }) => effect.type === 'other_account') ? ofOtherAccount(body) : body);
}

/** `truncate`: a complete HTTP answer whose text ends in the middle. */
function cut(text: string, fired: FaultRule[]): string {
  return fired.some(({ effect }) => effect.type === 'truncate') ? text.slice(0, Math.floor(text.length / 2)) : text;
}
