import { REFUSALS, type RefusalId } from '../http/provider-refusal';
import type { Answer } from '../http/answer';
import type { Effect } from './rule';

const CLOUDFLARE = new Set([502, 504, 520, 521, 522, 523, 524]);
const TEXTS: Record<number, string> = {
  401: 'Unable to authenticate you.',
  403: 'You are not authorized to perform this operation',
  404: 'The resource you were accessing could not be found.',
  422: 'Droplet already has a pending event.',
  429: 'API Rate limit exceeded.',
  503: 'Service is currently unavailable.',
};

/** The answer of a `status` fault. 502, 504 and 520–524 come from Cloudflare as HTML unless JSON is asked for. */
export function statusAnswer(effect: Effect): Answer {
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
