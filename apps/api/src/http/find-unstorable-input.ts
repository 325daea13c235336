import { UNKNOWN_FIELD, type FieldError } from '#libs/kernel';

/** Deeper than every documented input, and shallow enough for the recursive functions that follow. */
const MAX_DEPTH = 12;
/** NUL, which PostgreSQL text cannot store, and lone halves of surrogate pairs, which UTF-8 cannot encode. */
const UNSTORABLE = /[\0\p{Cs}]/u;
/** Keys that would change an object's prototype instead of becoming fields. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** The first part of a parsed body, query or path that no later code may receive; undefined when all of it can be stored. */
export function findUnstorableInput(value: unknown, field = '', depth = 0): FieldError | undefined {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? { field, message: 'must be valid text without NUL' } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return { field, message: 'is nested too deeply' };
  for (const [key, nested] of Object.entries(value)) {
    const path = field === '' ? key : `${field}.${key}`;
    if (PROTOTYPE_KEYS.has(key)) return { field: path, message: UNKNOWN_FIELD };
    const found = UNSTORABLE.test(key)
      ? { field, message: 'has a field whose name is not valid text' }
      : findUnstorableInput(nested, path, depth + 1);
    if (found) return found;
  }
  return undefined;
}
