import { createHash } from 'node:crypto';

/** Names a token without revealing it: for keys and logs. A rotated token has another one and starts with a clean record. */
export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}
