import type { Check } from './check';

interface Described {
  /** The processes or libraries that act on it. */
  readonly readBy: string;
  /** What it means, in a few words; the unit is in the name. */
  readonly about: string;
}

/** Has a default, so it always has a value. */
export interface Setting<T> extends Described {
  readonly type: 'setting';
  readonly check: Check<T>;
  /** As it would be written in the environment. */
  readonly default: string;
  readonly productionDefault?: string;
}

/** May be left out. */
export interface Optional<T> extends Described {
  readonly type: 'optional';
  readonly check: Check<T>;
}

/** May be left out and may come from NAME_FILE. Its value is a function, so that who asks each time follows a rotated file. */
export interface SecretVariable extends Described {
  readonly type: 'secret';
  readonly check: Check<string>;
  readonly productionCheck: Check<string>;
}

export type Variable = Setting<unknown> | Optional<unknown> | SecretVariable;

export function setting<T>(readBy: string, about: string, check: Check<T>, text: string, productionDefault?: string): Setting<T> {
  return { type: 'setting', readBy, about, check, default: text, productionDefault };
}

export function optional<T>(readBy: string, about: string, check: Check<T>): Optional<T> {
  return { type: 'optional', readBy, about, check };
}

export function secret(readBy: string, about: string, check: Check<string>, productionCheck = check): SecretVariable {
  return { type: 'secret', readBy, about, check, productionCheck };
}
