import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidVariableError } from './config.errors';
import type { Check } from './variable-checks';

/** Returns the current value of a secret. Code calls it at each use, so a rotation needs no restart. A printed function contains no value. */
export type Secret = () => string;

/** Secrets that come from outside the environment, by the names of their variables. The provider of the values has checked them. */
export type ExternalSecrets = Readonly<Record<string, Secret>>;

/**
 * A secret that follows its file: the file is read again after a change, which costs one stat per use. The last good value stays in use
 * while the file is missing, unreadable, empty or refused by its check. Throws when the first read fails.
 */
export function fileSecret(path: string, check: Check<string>): Secret {
  let readStamp = fileStamp(path);
  let value = readSecret(path, check);
  return () => {
    try {
      const stamp = fileStamp(path);
      if (stamp === readStamp) return value;
      value = readSecret(path, check);
      readStamp = stamp;
    } catch {
      return value; // the next use tries again
    }
    return value;
  };
}

/** One line break at the end belongs to the file, not to the secret. Nothing else is trimmed, because a secret is raw text. */
function readSecret(path: string, check: Check<string>): string {
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  if (text === '') throw new InvalidVariableError('must not be empty');
  return check(text);
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
  return error instanceof InvalidVariableError ? error.message : `cannot be read (${systemCode(error) ?? 'unknown error'})`;
}

/**
 * The development secret: created once, mode 0600, in `<dataDir>/jwt-secret`. When several processes start at once, the file of the first
 * one wins, because a link appears whole or not at all. Throws the error of the file system.
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
