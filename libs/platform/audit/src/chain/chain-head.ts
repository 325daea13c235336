import { domainError } from '#libs/kernel';

/** The last link, exported from the database. Later changes before it, and a cut of the chain that removes it, are found. */
export interface ChainHead {
  /** Decimal text; `0` and an empty hash before the first link. */
  readonly no: string;
  readonly hash: string;
}

/** The text is not the head of a chain. */
export class UnreadableHeadError extends domainError(
  'unreadable_head',
  'invalid',
  'The exported head is not readable: it is JSON like {"no":"12","hash":"<64 hex digits>"}',
) {}

export const NO_HEAD: ChainHead = { no: '0', hash: '' };

/** Throws `UnreadableHeadError`. */
export function parseHead(text: string): ChainHead {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UnreadableHeadError();
  }
  const { no, hash } = (parsed ?? {}) as Record<string, unknown>;
  const empty = no === NO_HEAD.no && hash === NO_HEAD.hash;
  const full = typeof no === 'string' && /^[1-9][0-9]{0,17}$/.test(no) && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  if (!empty && !full) throw new UnreadableHeadError();
  return { no, hash };
}
