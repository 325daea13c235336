import './skip-zod-locales';
import { deflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { isEd25519Key } from './secrets';

// Which texts can be secrets. The messages never quote them.

/** HS512 has a 512 bit key (RFC 7518, 3.2). */
const JWT_SECRET_MIN_BYTES = 64;
/** Text that documentation and templates contain in place of the secret. */
const TEMPLATE =
  /change[-_ ]?me|replace[-_ ]?(me|this)|your[-_ ]|placeholder|jwt[-_ ]?secret|super[-_ ]?secret|example[-_ ]?secret|development/i;
/** Compressed, 64 random hexadecimal digits have more than 40 bytes; a repeated word has fewer than 36. */
const LEAST_COMPRESSED_BYTES = 36;

const isRandom = (secret: string): boolean =>
  !TEMPLATE.test(secret) && new Set(secret).size >= 8 && deflateRawSync(secret, { level: 9 }).length >= LEAST_COMPRESSED_BYTES;

/** What production accepts as the shared secret. [TEN-9] */
export const productionJwtSecret = z
  .string()
  .refine((secret) => Buffer.byteLength(secret) >= JWT_SECRET_MIN_BYTES, `must have at least ${JWT_SECRET_MIN_BYTES} bytes in production`)
  .refine(isRandom, 'must be random in production, not a default or a template');

/** Keys of AES-256, newest first. */
export const secretsKeys: z.ZodType<string, string> = z
  .string()
  .refine(
    (list) => list.split(',').every((key) => /^[A-Za-z0-9+/]{43}=$/.test(key.trim())),
    'must be 32 random bytes in base64; after a rotation: the new key, a comma, the old key',
  );

export const planKey: z.ZodType<string, string> = z.string().refine((key) => Buffer.byteLength(key) >= 32, 'must have at least 32 bytes');

export const proofKey: z.ZodType<string, string> = z.string().refine(isEd25519Key, 'must be an Ed25519 private key, as PEM or base64');

/** Keys of the object storage: `access:secret`, several with commas. */
export const spacesKeys: z.ZodType<string, string> = z
  .string()
  .regex(/^[^\s,:]+:[^\s,:]+(,[^\s,:]+:[^\s,:]+)*$/, 'must be access:secret; several with commas between them');

/** Headers as OpenTelemetry writes them: `name=value,name=value`, values percent-encoded. */
export const headerList: z.ZodType<string, string> = z.string().refine((list) => {
  const values = list.split(',').map((pair) => /^\s*[\w-]+\s*=(.*\S.*)$/s.exec(pair)?.[1]);
  return values.every((value) => value !== undefined && isPercentEncoded(value));
}, 'must be name=value,… with percent-encoded values');

function isPercentEncoded(value: string): boolean {
  try {
    return /^[\t\x20-\x7e]+$/.test(decodeURIComponent(value));
  } catch {
    return false;
  }
}
