/** What a fault does. The table in the README says it at length. */
export const EFFECT_TYPES = [
  'status',
  'lose_answer',
  'late_commit',
  'reset',
  'hold',
  'delay',
  'truncate',
  'page_shift',
  'hide',
  'other_account',
  'revoke',
] as const;

export type EffectType = (typeof EFFECT_TYPES)[number];

export interface Effect {
  type: EffectType;
  /** HTTP status of `status`, and of the answer that `late_commit` gives at once (none: the connection is broken). */
  status?: number;
  /** `status`: "json" (default), "html", an object, or a text sent as HTML. `hide`: `{ids}` or `{ratio}`. `page_shift`: `{total: "drops" | "stays"}`. */
  body?: unknown;
  /** `delay`: real ms. `late_commit`: ms of the simulator's clock. `status`: sent as retry-after. */
  ms?: number;
  /** True or "effect": the request took effect first. */
  after?: boolean | 'effect';
}

export interface FaultMatch {
  method?: string;
  /** `*` stands for any text, slashes included; without it the path must be equal. */
  path?: string;
  /** Parameters that the request must have, among others. */
  query?: Record<string, string | number>;
  /** Only the nth matching request (1-based). */
  nth?: number;
  /** Share of matching requests, by the seeded generator. */
  probability?: number;
  /** Only requests with this token (see the ledger). */
  token_fingerprint?: string;
}

export interface FaultRule {
  id: string;
  match: FaultMatch;
  /** How often the rule may fire; without it, always. */
  times?: number;
  effect: Effect;
}

/** Whether the effect of the request comes before the fault. */
export function isAfterEffect(effect: Effect): boolean {
  return effect.after === true || effect.after === 'effect' || effect.type === 'lose_answer';
}
