import { readFileSync, statSync } from 'node:fs';
import { Refusal, type Check } from './check';
import type { Secret } from './config';

/** One line break at the end belongs to the file, not to the secret. Nothing else is trimmed: a secret is raw text. */
function readSecret(path: string, check: Check<string>): string {
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  if (text === '') throw new Refusal('must not be empty');
  return check(text);
}

/** Changes whenever the file is written or replaced, also behind a symbolic link (how Kubernetes rotates). */
function stamp(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${ino}/${size}/${mtimeNs}/${ctimeNs}`;
}

/** `ENOENT` and the like; undefined when the error is not the operating system's. */
export function systemCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/** What is wrong with a secret's file, without its content. */
export function fileProblem(error: unknown): string {
  return error instanceof Refusal ? error.message : `cannot be read (${systemCode(error) ?? 'unknown error'})`;
}

/**
 * A secret that follows its file: read again when the file changed, which costs one stat per use. While the file is missing,
 * unreadable, empty or refused by its check, the last good value stays. Throws when the first read fails.
 */
export function fileSecret(path: string, check: Check<string>): Secret {
  let seen = stamp(path);
  let value = readSecret(path, check);
  return () => {
    try {
      const now = stamp(path);
      if (now === seen) return value;
      value = readSecret(path, check);
      seen = now;
    } catch {
      return value; // looked at again with the next use
    }
    return value;
  };
}
