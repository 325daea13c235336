import { ControlError } from '../http/answer';

/** The effects of faults. The README describes each of them. */
const EFFECT_TYPES = [
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
  'respell',
  'revoke',
] as const;

type EffectType = (typeof EFFECT_TYPES)[number];

export interface Effect {
  type: EffectType;
  /** HTTP status of `status`, and of the response that `late_commit` sends at once (without it the connection is broken). */
  status?: number;
  /**
   * `status`: "json" (default), "html", an object, or a text that is sent as HTML. `hide`: `{ids}` or `{ratio}`.
   * `page_shift`: `{total: "drops" | "stays"}`.
   */
  body?: unknown;
  /** `delay`: real milliseconds. `late_commit`: milliseconds of the simulator's clock. `status`: the value of retry-after. */
  ms?: number;
  /** True or "effect": the request takes effect before the fault. */
  after?: boolean | 'effect';
}

interface FaultMatch {
  method?: string;
  /** `*` matches any text, slashes included; a path without it must be equal. */
  path?: string;
  /** Query parameters that the request must have; it may have more. */
  query?: Record<string, string | number>;
  /** Fires for the nth matching request only (1-based). */
  nth?: number;
  /** Share of the matching requests, drawn from the seeded generator. */
  probability?: number;
  /** Matches requests with this token only; the ledger reports the fingerprint. */
  token_fingerprint?: string;
}

export interface FaultRule {
  id: string;
  match: FaultMatch;
  /** The highest number of times that the rule fires; without it there is no limit. */
  times?: number;
  effect: Effect;
}

/** Whether the request takes effect before the fault. */
export function isAfterEffect(effect: Effect): boolean {
  return effect.after === true || effect.after === 'effect' || effect.type === 'lose_answer';
}

type Fields = Record<string, unknown>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 1;
const isAmount: Check = (value) => typeof value === 'number' && value >= 0;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const RULE: Record<string, Check> = { id: isText, match: isObject, times: isCount, effect: isObject };
const MATCH: Record<string, Check> = {
  method: isText,
  path: isText,
  query: isObject,
  nth: isCount,
  probability: (value) => isAmount(value) && Number(value) <= 1,
  token_fingerprint: isText,
};
const EFFECT: Record<string, Check> = {
  type: (value) => EFFECT_TYPES.some((type) => type === value),
  status: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  body: () => true,
  ms: isAmount,
  after: (value) => typeof value === 'boolean' || value === 'effect',
};

/** Reads `{rules: […]}`. Refuses a misspelt field or type, because a rule that never fires proves nothing. */
export function parseRules(body: unknown): FaultRule[] {
  if (!isObject(body) || !Array.isArray(body.rules)) throw new ControlError('Send {"rules": [{id, match, times, effect}]}');
  const rules = body.rules.map((rule, index) => parseRule(rule, index));
  const repeated = rules.find((rule, index) => rules.findIndex((other) => other.id === rule.id) !== index);
  if (repeated !== undefined) throw new ControlError(`Rule id "${repeated.id}" is used twice`);
  return rules;
}

function parseRule(input: unknown, index: number): FaultRule {
  if (!isObject(input)) throw new ControlError(`rules[${index}] must be an object`);
  const rule: Fields = { id: `rule-${index + 1}`, match: {}, ...input };
  checkFields(rule, RULE, `rules[${index}]`);
  checkFields(rule.match as Fields, MATCH, `rules[${index}].match`);
  checkFields(rule.effect as Fields, EFFECT, `rules[${index}].effect`);
  const { type, ms } = rule.effect as Fields;
  if (type === undefined) throw new ControlError(`rules[${index}].effect.type is missing: one of ${EFFECT_TYPES.join(', ')}`);
  if ((type === 'delay' || type === 'late_commit') && ms === undefined)
    throw new ControlError(`rules[${index}].effect.ms is needed for ${type}`);
  return rule as unknown as FaultRule;
}

function checkFields(fields: Fields | undefined, checks: Record<string, Check>, where: string): void {
  if (fields === undefined) throw new ControlError(`${where} is missing`);
  for (const [name, value] of Object.entries(fields)) {
    const check = checks[name];
    if (check === undefined) throw new ControlError(`${where} has no field "${name}": ${Object.keys(checks).join(', ')}`);
    if (value !== undefined && !check(value)) throw new ControlError(`${where}.${name} has a wrong value: ${JSON.stringify(value)}`);
  }
}
