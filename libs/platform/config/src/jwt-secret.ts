import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, type Check } from './check';
import type { Secret } from './config';
import { fileSecret, systemCode } from './secret';

/** HS512 has a 512 bit key (RFC 7518, 3.2). */
const MIN_BYTES = 64;
/** Text that stands in documentation and templates where the secret belongs. */
const TEMPLATE =
  /change[-_ ]?me|replace[-_ ]?(me|this)|your[-_ ]|placeholder|jwt[-_ ]?secret|super[-_ ]?secret|example[-_ ]?secret|development/i;

/** TEN-9: what production takes as the shared secret. */
export const productionJwtSecret: Check<string> = (text) => {
  if (Buffer.byteLength(text, 'utf8') < MIN_BYTES) throw new Refusal(`must have at least ${MIN_BYTES} bytes in production`);
  if (TEMPLATE.test(text) || new Set(text).size < 8) throw new Refusal('must be random in production, not a default or a template');
  return text;
};

/**
 * The development secret: made once, mode 0600, in `<dataDir>/jwt-secret`. Of several processes that start at once the first one's
 * file wins (a link appears whole or not at all). Throws the file system's error.
 */
export function developmentJwtSecret(dataDir: string, check: Check<string>): Secret {
  const path = join(dataDir, 'jwt-secret');
  try {
    return fileSecret(path, check);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(64).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return fileSecret(path, check);
}
