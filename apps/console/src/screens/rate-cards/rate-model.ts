import type { Schemas } from '../../client/client';
import { wholeError, wholeNumber } from '../../parts/format';
import { kindName } from '../../parts/kinds';
import { TEXTS } from './texts';

export type Rate = Schemas['RateResponse'];
export type Version = Schemas['RateCardVersionResponse'];

export type ModelType = keyof typeof TEXTS.models;
export type Dimension = keyof typeof TEXTS.dimensions;
export const DIMENSIONS = Object.keys(TEXTS.dimensions) as readonly Dimension[];
export const TERMS = ['discount_percent', 'minimum_commitment', 'maximum_spend', 'recurring_fee'] as const;

export interface ModelField {
  readonly name: string;
  /** Words to choose from; a number without. */
  readonly words?: readonly string[];
  /** What the API takes when nothing is given. */
  readonly otherwise?: string;
}

/** The fields of each model, in the order of the form. Tiers are apart. */
export const MODEL_FIELDS: Readonly<Record<ModelType, readonly ModelField[]>> = {
  cost_plus: [
    { name: 'percent', otherwise: '0' },
    { name: 'fixed_per_resource_month', otherwise: '0' },
    { name: 'min_margin', otherwise: '' },
    { name: 'max_margin', otherwise: '' },
  ],
  fixed_per_sku: [
    { name: 'price' },
    { name: 'unit', words: ['month', 'hour', 'each'] },
    { name: 'proration', words: ['as_provider', 'day', 'hour', 'none'] },
  ],
  graduated: [{ name: 'scope', words: ['tenant', 'resource'] }],
  volume: [{ name: 'scope', words: ['tenant', 'resource'] }],
  package: [{ name: 'size' }, { name: 'price' }, { name: 'free', otherwise: '0' }],
  free_allowance: [
    { name: 'quantity', otherwise: '' },
    { name: 'amount', otherwise: '' },
    { name: 'per', words: ['tenant', 'resource'] },
  ],
  free: [],
};

export interface TierDraft {
  readonly up_to: string;
  readonly per_unit: string;
  readonly flat: string;
}

/** A rate as the form has it: all texts, so that nothing that was typed is lost when the model changes. */
export interface RateDraft {
  readonly key: string;
  readonly selector: Readonly<Partial<Record<Dimension, string>>>;
  readonly type: ModelType;
  readonly fields: Readonly<Record<string, string>>;
  readonly tiers: readonly TierDraft[];
  readonly priority: string;
}

let made = 0;
const newKey = (): string => `rate-${++made}`;
const FIRST_TIERS: readonly TierDraft[] = [
  { up_to: '100', per_unit: '', flat: '' },
  { up_to: '', per_unit: '', flat: '' },
];

export const newRate = (): RateDraft => ({ key: newKey(), selector: {}, type: 'cost_plus', fields: {}, tiers: FIRST_TIERS, priority: '0' });
export const copyOf = (rate: RateDraft): RateDraft => ({ ...rate, key: newKey() });

export function draftOf({ selector, model, priority }: Rate): RateDraft {
  const { type, tiers, ...fields } = model as Record<string, unknown> & { readonly type: ModelType; readonly tiers?: readonly TierDraft[] };
  const texts = Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value : '']);
  return {
    key: newKey(),
    selector,
    type,
    fields: Object.fromEntries(texts) as Record<string, string>,
    tiers: tiers?.map((tier) => ({ ...tier, up_to: tier.up_to ?? '' })) ?? FIRST_TIERS,
    priority: String(priority),
  };
}

/** The rate as the API takes it. What is empty is left out, and the last tier has no end. Pure. */
export function bodyOf({ selector, type, fields, tiers, priority }: RateDraft) {
  const given = MODEL_FIELDS[type].flatMap(({ name, words }) => {
    const value = (fields[name] ?? words?.[0] ?? '').trim();
    return value === '' ? [] : [[name, value] as const];
  });
  const hasTiers = type === 'graduated' || type === 'volume';
  const steps = tiers.map(({ up_to, per_unit, flat }, at) => ({
    up_to: at === tiers.length - 1 ? null : up_to.trim(),
    per_unit: per_unit.trim(),
    flat: flat.trim() || '0',
  }));
  return {
    selector: Object.fromEntries(Object.entries(selector).filter(([, value]) => value.trim() !== '')),
    model: { type, ...Object.fromEntries(given), ...(hasTiers && { tiers: steps }) },
    priority: wholeNumber(priority) ?? 0,
  };
}

const DECIMAL = /^(0|[1-9]\d{0,11})(\.\d{1,10})?$/;
const isDecimal = (text: string): boolean => DECIMAL.test(text.trim());
const NUMBER = 'must be a number such as 15.00';

/** What is wrong with a rate before it is sent, by the path that the API would name. Pure. */
export function problemsOf({ type, fields, tiers, priority }: RateDraft, path: string): readonly (readonly [string, string])[] {
  const wrong: (readonly [string, string])[] = MODEL_FIELDS[type].flatMap(({ name, words, otherwise }) => {
    const value = (fields[name] ?? '').trim();
    if (words || (value === '' && otherwise !== undefined)) return [];
    return isDecimal(value) ? [] : [[`${path}.model.${name}`, NUMBER]];
  });
  const wrongPriority = wholeError(priority);
  if (wrongPriority) wrong.push([`${path}.priority`, wrongPriority]);
  if (type === 'free_allowance' && (fields.quantity ?? '') === '' && (fields.amount ?? '') === '')
    wrong.push([`${path}.model.quantity`, 'give either a quantity or an amount']);
  if (type !== 'graduated' && type !== 'volume') return wrong;
  tiers.forEach(({ up_to: upTo, per_unit: each, flat }, at) => {
    const where = `${path}.model.tiers.${at}`;
    const before = Number(tiers[at - 1]?.up_to ?? 0);
    if (at < tiers.length - 1 && (!isDecimal(upTo) || Number(upTo) <= before)) wrong.push([`${where}.up_to`, `must be above ${before}`]);
    if (!isDecimal(each)) wrong.push([`${where}.per_unit`, NUMBER]);
    if (flat.trim() !== '' && !isDecimal(flat)) wrong.push([`${where}.flat`, NUMBER]);
  });
  return wrong;
}

/** What a rate applies to, in words: "Kind Droplet, size s-2vcpu-*". */
export function selectorText(selector: Readonly<Record<string, unknown>>): string {
  const parts = DIMENSIONS.flatMap((dimension) => {
    const value = selector[dimension];
    if (typeof value !== 'string' || value === '') return [];
    return [`${TEXTS.dimensions[dimension].toLowerCase()} ${dimension === 'kind' ? kindName(value) : value}`];
  });
  const text = parts.join(', ');
  return text === '' ? TEXTS.version.everything : text.charAt(0).toUpperCase() + text.slice(1);
}

/** A model as one would say it: "cost + 20 %, at least $0.50 a line". */
export function modelText(model: Readonly<Record<string, unknown>>): string {
  const text = (name: string): string => (typeof model[name] === 'string' ? model[name] : '');
  const has = (name: string): boolean => text(name) !== '' && Number(text(name)) !== 0;
  const word = (name: string): string => TEXTS.words[text(name)] ?? text(name);
  switch (model.type) {
    case 'cost_plus': {
      const parts = [
        `cost + ${text('percent')} %`,
        ...(has('fixed_per_resource_month') ? [`$${text('fixed_per_resource_month')} a resource and month`] : []),
        ...(text('min_margin') ? [`margin at least $${text('min_margin')} a line`] : []),
        ...(text('max_margin') ? [`margin at most $${text('max_margin')} a line`] : []),
      ];
      return parts.join(', ');
    }
    case 'fixed_per_sku':
      return `$${text('price')} a ${word('unit')}, ${text('proration') === 'hour' ? TEXTS.prorationHour : word('proration')}`;
    case 'graduated':
    case 'volume': {
      const tiers = (model.tiers ?? []) as readonly Record<keyof TierDraft, string | null>[];
      const steps = tiers.map(({ up_to: upTo, per_unit: each, flat }) => {
        const once = flat && Number(flat) !== 0 ? ` and $${flat} once` : '';
        return `${upTo === null ? TEXTS.editor.rest : `to ${upTo}`} $${each} each${once}`;
      });
      return `${TEXTS.models[model.type].toLowerCase()} of a ${word('scope')}: ${steps.join(', ')}`;
    }
    case 'package':
      return `$${text('price')} for each ${text('size')} units begun${has('free') ? `, the first ${text('free')} free` : ''}`;
    case 'free_allowance':
      return `${text('amount') ? `$${text('amount')}` : `${text('quantity')} units`} free a ${word('per')}, the rest at cost`;
    default:
      return 'free';
  }
}

export interface VersionChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What one version changes of another: rates by what they apply to, then the terms of a month. Pure. */
export function versionChanges(before: Version, after: Version): readonly VersionChange[] {
  const [was, becomes] = [textsOf(before), textsOf(after)];
  return [...new Set([...was.keys(), ...becomes.keys()])].flatMap((what) => {
    const [one = null, other = null] = [was.get(what), becomes.get(what)];
    if (one === other) return [];
    return [{ change: one === null ? 'added' : other === null ? 'removed' : 'changed', what, before: one, after: other } as const];
  });
}

function textsOf({ rates, monthly }: Version): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { selector, model, priority } of rates) {
    const what = `${selectorText(selector)}${priority === 0 ? '' : `, priority ${priority}`}`;
    texts.set(what, [texts.get(what), modelText(model)].filter(Boolean).join('; '));
  }
  for (const term of TERMS) {
    const value = monthly[term];
    if (value !== null) texts.set(TEXTS.version.terms[term], termText(term, value));
  }
  return texts;
}

export const termText = (term: (typeof TERMS)[number], value: string): string => (term === 'discount_percent' ? `${value} %` : `$${value}`);
