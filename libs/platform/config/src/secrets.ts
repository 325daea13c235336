import { createHmac, createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the current value of a secret. It is called at each use, so a rotation needs no restart. A printed function has no value. */
export type Secret = () => string;

/** A key for one purpose that follows another secret, and from which that secret cannot be computed. */
export function derivedSecret(secret: Secret, purpose: string): Secret {
  return () => createHmac('sha512', secret()).update(`arcadia-cloud: ${purpose}`).digest('base64url');
}

/** Secrets that come from outside the environment, by the names of their variables. The provider of the values has checked them. */
export type ExternalSecrets = Readonly<Record<string, Secret>>;

/** Why a secret's text cannot be used, as "must be …"; undefined when it can be used. */
export type SecretCheck = (text: string, production: boolean) => string | undefined;

/** The places of one secret, at most one of which may have it. */
export interface SecretSource {
  readonly name: string;
  /** Raw text of NAME; undefined when it is unset. */
  readonly text: string | undefined;
  /** Path in NAME_FILE; undefined when it is unset. */
  readonly path: string | undefined;
  readonly external: Secret | undefined;
  readonly production: boolean;
}

/** The secret, or undefined when no place has it. Calls `refuse` with the problem when it cannot be used. */
export function readSecret(source: SecretSource, check: SecretCheck, refuse: (problem: string) => void): Secret | undefined {
  const { name, text, path, external, production } = source;
  if (external && (text !== undefined || path !== undefined)) refuse('is set in the environment and kept in Vault; use one');
  else if (external) return external;
  else if (text !== undefined && path !== undefined) refuse(`and ${name}_FILE are both set; use one`);
  else if (path !== undefined) {
    try {
      return fileSecret(path, (content) => check(content, production));
    } catch (error) {
      refuse(`in ${name}_FILE ${fileProblem(error)}`);
    }
  } else if (text !== undefined) {
    const problem = check(text, production);
    if (problem === undefined) return () => text;
    refuse(problem);
  }
  return undefined;
}

/** The content of a secret's file cannot be used. The message never quotes it. */
class InvalidFileError extends Error {}

type ContentCheck = (content: string) => string | undefined;
const anyContent: ContentCheck = () => undefined;

/**
 * A secret that follows its file: the file is read again after a change, which costs one stat per use. The last good value stays in use
 * while the file is missing, unreadable, empty or refused by its check. Throws when the first read fails.
 */
function fileSecret(path: string, check: ContentCheck): Secret {
  let readStamp = fileStamp(path);
  let value = readContent(path, check);
  return () => {
    try {
      const stamp = fileStamp(path);
      if (stamp === readStamp) return value;
      value = readContent(path, check);
      readStamp = stamp;
    } catch {
      return value; // the next use tries again
    }
    return value;
  };
}

/** One line break at the end belongs to the file, not to the secret. Nothing else is trimmed, because a secret is raw text. */
function readContent(path: string, check: ContentCheck): string {
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  const problem = text === '' ? 'must not be empty' : check(text);
  if (problem !== undefined) throw new InvalidFileError(problem);
  return text;
}

/** Changes whenever the file is written or replaced, also behind a symbolic link (how Kubernetes rotates). */
function fileStamp(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${ino}/${size}/${mtimeNs}/${ctimeNs}`;
}

/** `ENOENT` and the like; undefined when the error is not one of the operating system. */
function systemCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** The problem of a secret's file, without its content. */
export function fileProblem(error: unknown): string {
  return error instanceof InvalidFileError ? error.message : `cannot be read (${systemCode(error) ?? 'unknown error'})`;
}

/**
 * An Ed25519 private key from PEM, or from one line of base64: PKCS 8, or the 32 bytes of the key alone. Throws `TypeError` for anything else.
 */
export function ed25519PrivateKey(text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  const key = text.includes('-----BEGIN')
    ? createPrivateKey(text)
    : createPrivateKey({ key: bytes.length === 32 ? Buffer.concat([ED25519_PKCS8, bytes]) : bytes, format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the key is not an Ed25519 key');
  return key;
}

/** Whether `ed25519PrivateKey` can read the text. */
export function isEd25519Key(text: string): boolean {
  try {
    return ed25519PrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}

/** What PKCS 8 has before the 32 bytes of an Ed25519 key (RFC 8410, 7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A secret that outside of production is made up at the first start and kept in DATA_DIR. */
export interface DevelopmentSecret {
  readonly file: string;
  readonly bytes: number;
  readonly encoding: 'base64' | 'base64url';
}

export const DEVELOPMENT_JWT_SECRET: DevelopmentSecret = { file: 'jwt-secret', bytes: 64, encoding: 'base64url' };
export const DEVELOPMENT_PROOF_KEY: DevelopmentSecret = { file: 'proof-key', bytes: 32, encoding: 'base64' };
export const DEVELOPMENT_SECRETS_KEY: DevelopmentSecret = { file: 'secrets-key', bytes: 32, encoding: 'base64' };

/**
 * A development secret: created once, mode 0600, in its file in `dataDir`. When several processes start at once, the file of the first
 * one wins, because a link appears whole or not at all. Throws the error of the file system.
 */
export function developmentSecret(dataDir: string, { file, bytes, encoding }: DevelopmentSecret): Secret {
  const path = join(dataDir, file);
  try {
    return fileSecret(path, anyContent);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(bytes).toString(encoding)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return fileSecret(path, anyContent);
}
