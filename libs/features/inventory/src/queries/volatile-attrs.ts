import { KINDS } from '../kinds';

/** Attributes by kind that have no log: what they were at another time is not known. */
export const VOLATILE_ATTRS = Object.fromEntries(KINDS.map(({ kind, volatileAttrs }) => [kind, volatileAttrs]));
