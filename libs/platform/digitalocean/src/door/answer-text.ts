import { MalformedAnswerError } from '../provider.error';

/** Longest part of a provider's explanation that is kept (OPS-10). */
const EXPLANATION_LENGTH = 200;
/** No more of an explanation is ever looked at, and no longer error body is parsed. */
const LOOKED_AT = 4_096;
const LARGEST_ERROR = 65_536;
/** What PostgreSQL cannot store: NUL, and halves of surrogate pairs. Both can only come escaped. */
const UNSTORABLE_ESCAPES = /\\u(0000|d[89a-f])/i;
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Parses a body, never blindly: an HTML page, a cut body and plain text are malformed answers. Unstorable characters become U+FFFD. */
export function parseBody(body: string): unknown {
  if (looksLikeHtml(body)) throw new MalformedAnswerError('an HTML page');
  try {
    return UNSTORABLE_ESCAPES.test(body) ? JSON.parse(body, storable) : JSON.parse(body);
  } catch {
    throw new MalformedAnswerError('not JSON');
  }
}

/** Proxies and bot checks between us and the API speak HTML, whatever the status and the content type say. */
export function looksLikeHtml(body: string): boolean {
  return /^\s*(<!doctype html|<html|<head|<body|<!--|<\?xml)/i.test(body.slice(0, 512));
}

/** An error body reduced to what may be shown: `{id, message, request_id}`, or the beginning of its text. The token is cut out should it be echoed. */
export function readErrorBody(body: string, token: string): { isObject: boolean; id?: string; message?: string; requestId?: string } {
  const parsed = objectIn(body);
  if (!parsed) return { isObject: false, message: shown(body.slice(0, LOOKED_AT).replaceAll(/<[^>]*>/g, ' '), token) };
  const message = parsed.message ?? parsed.error;
  return {
    isObject: true,
    id: codeLike(parsed.id),
    message: typeof message === 'string' ? shown(message, token) : undefined,
    requestId: codeLike(parsed.request_id),
  };
}

/** A name made by a machine, or nothing: such values go into logs and rows. */
export function codeLike(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : undefined;
}

function objectIn(body: string): Record<string, unknown> | undefined {
  if (body.length > LARGEST_ERROR) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function shown(text: string, token: string): string | undefined {
  const clean = text
    .slice(0, LOOKED_AT)
    .replaceAll(token, '[token]')
    .replaceAll(/\bdo[opr]_v1_\w+/g, '[token]')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, ' ')
    .trim();
  return clean === '' ? undefined : clean.slice(0, EXPLANATION_LENGTH);
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(UNSTORABLE, '\ufffd') : value;
}
