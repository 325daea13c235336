import { UNKNOWN_FIELD, type FieldError } from '#libs/kernel';

/** Deeper than any documented input, and shallow enough for every recursive function behind it. */
const MAX_DEPTH = 12;
/** NUL, which PostgreSQL text cannot hold, and halves of surrogate pairs, which UTF-8 cannot. */
const UNSTORABLE = /[\0\p{Cs}]/u;
/** Keys that would touch an object's prototype instead of being fields. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** What in a parsed body, query or path no code of ours should ever meet. Undefined when there is nothing of the kind. */
export function findUnstorableInput(value: unknown, field = '', depth = 0): FieldError | undefined {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? { field, message: 'must be valid text without NUL' } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return { field, message: 'is nested too deeply' };
  for (const [key, held] of Object.entries(value)) {
    const path = field === '' ? key : `${field}.${key}`;
    if (PROTOTYPE_KEYS.has(key)) return { field: path, message: UNKNOWN_FIELD };
    const found = UNSTORABLE.test(key)
      ? { field, message: 'has a field whose name is not valid text' }
      : findUnstorableInput(held, path, depth + 1);
    if (found) return found;
  }
  return undefined;
}
