import { ValidationFailedError, type FieldError } from '#libs/kernel';

/** How the lines of one rate are priced. Numbers are decimal text, amounts are in the currency of the card. */
export type RateModel =
  | CostPlusModel
  | FixedPerSkuModel
  | TieredModel
  | { readonly type: 'package'; readonly size: string; readonly price: string; readonly free: string }
  | FreeAllowanceModel
  | { readonly type: 'free' };

/** What the provider charges plus a margin. The bounds of the margin apply to each line, the fixed amount to each resource and month. */
export interface CostPlusModel {
  readonly type: 'cost_plus';
  readonly percent: string;
  readonly fixed_per_resource_month: string;
  readonly min_margin: string | null;
  readonly max_margin: string | null;
}

/** A price per unit, whatever the provider charges. */
export interface FixedPerSkuModel {
  readonly type: 'fixed_per_sku';
  readonly price: string;
  readonly unit: 'month' | 'hour' | 'each';
  readonly proration: 'none' | 'day' | 'hour' | 'as_provider';
}

/** `up_to` is inclusive; null in the last tier. `flat` is charged once when the quantity enters the tier. */
export interface Tier {
  readonly up_to: string | null;
  readonly per_unit: string;
  readonly flat: string;
}

/** Graduated: each unit costs the price of its own tier. Volume: all units cost the price of the tier that the whole quantity is in. */
export interface TieredModel {
  readonly type: 'graduated' | 'volume';
  readonly scope: 'tenant' | 'resource';
  readonly tiers: readonly Tier[];
}

/** A quantity or an amount without charge; the rest costs what the provider charges. Exactly one of the two is given. */
export interface FreeAllowanceModel {
  readonly type: 'free_allowance';
  readonly quantity?: string;
  readonly amount?: string;
  readonly per: 'tenant' | 'resource';
}

/** What applies to a tenant's month after its lines. Null: does not apply. */
export interface MonthlyTerms {
  readonly discount_percent: string | null;
  readonly minimum_commitment: string | null;
  readonly maximum_spend: string | null;
  readonly recurring_fee: string | null;
}

export const NO_MONTHLY_TERMS: MonthlyTerms = {
  discount_percent: null,
  minimum_commitment: null,
  maximum_spend: null,
  recurring_fee: null,
};

/** Cost plus nothing: sell equals buy. */
export const PASS_THROUGH: CostPlusModel = {
  type: 'cost_plus',
  percent: '0',
  fixed_per_resource_month: '0',
  min_margin: null,
  max_margin: null,
};

const DECIMAL = /^(0|[1-9]\d{0,11})(\.\d{1,10})?$/;
const POSITIVE = /^(?!0+(\.0+)?$)(0|[1-9]\d{0,11})(\.\d{1,10})?$/;
const MOST_TIERS = 50;

type Fields = Readonly<Record<string, unknown>>;

/** Reads a model from JSON. Throws `ValidationFailedError` that names each wrong field below `path`. */
export function readModel(given: unknown, path: string): RateModel {
  const problems: FieldError[] = [];
  const model = modelOf(record(given), path, problems);
  if (problems.length > 0 || !model)
    throw new ValidationFailedError(problems.length > 0 ? problems : [{ field: path, message: 'is no model' }]);
  return model;
}

/** Reads the monthly terms of a version. Throws `ValidationFailedError`. */
export function readMonthlyTerms(given: unknown, path: string): MonthlyTerms {
  if (given === undefined || given === null) return NO_MONTHLY_TERMS;
  const problems: FieldError[] = [];
  const fields = record(given);
  unknownFields(fields, Object.keys(NO_MONTHLY_TERMS), path, problems);
  const number = (name: string) => optionalDecimal(fields, name, path, problems);
  const terms = {
    discount_percent: number('discount_percent'),
    minimum_commitment: number('minimum_commitment'),
    maximum_spend: number('maximum_spend'),
    recurring_fee: number('recurring_fee'),
  };
  if (Number(terms.discount_percent ?? 0) > 100) problems.push({ field: `${path}.discount_percent`, message: 'must be at most 100' });
  if (problems.length > 0) throw new ValidationFailedError(problems);
  return terms;
}

function modelOf(fields: Fields, path: string, problems: FieldError[]): RateModel | undefined {
  const decimal = (name: string, otherwise?: string) => requiredDecimal(fields, name, path, problems, otherwise);
  const word = <W extends string>(name: string, words: readonly W[], otherwise?: W) =>
    oneOf(fields, name, words, path, problems, otherwise);
  const only = (...names: string[]) => unknownFields(fields, ['type', ...names], path, problems);
  switch (fields.type) {
    case 'cost_plus':
      only('percent', 'fixed_per_resource_month', 'min_margin', 'max_margin');
      return {
        type: 'cost_plus',
        percent: decimal('percent', '0'),
        fixed_per_resource_month: decimal('fixed_per_resource_month', '0'),
        min_margin: optionalDecimal(fields, 'min_margin', path, problems),
        max_margin: optionalDecimal(fields, 'max_margin', path, problems),
      };
    case 'fixed_per_sku':
      only('price', 'unit', 'proration');
      return {
        type: 'fixed_per_sku',
        price: decimal('price'),
        unit: word('unit', ['month', 'hour', 'each'], 'month'),
        proration: word('proration', ['none', 'day', 'hour', 'as_provider'], 'as_provider'),
      };
    case 'graduated':
    case 'volume':
      only('scope', 'tiers');
      return { type: fields.type, scope: word('scope', ['tenant', 'resource'], 'tenant'), tiers: tiersOf(fields.tiers, path, problems) };
    case 'package':
      only('size', 'price', 'free');
      if (!POSITIVE.test(text(fields.size))) problems.push({ field: `${path}.size`, message: 'must be decimal text above zero' });
      return { type: 'package', size: text(fields.size), price: decimal('price'), free: decimal('free', '0') };
    case 'free_allowance':
      only('quantity', 'amount', 'per');
      return allowanceOf(fields, word('per', ['tenant', 'resource'], 'tenant'), path, problems);
    case 'free':
      only();
      return { type: 'free' };
    default:
      problems.push({
        field: `${path}.type`,
        message: 'must be cost_plus, fixed_per_sku, graduated, volume, package, free_allowance or free',
      });
      return undefined;
  }
}

function allowanceOf(fields: Fields, per: 'tenant' | 'resource', path: string, problems: FieldError[]): FreeAllowanceModel {
  const quantity = optionalDecimal(fields, 'quantity', path, problems);
  const amount = optionalDecimal(fields, 'amount', path, problems);
  if ((quantity === null) === (amount === null)) problems.push({ field: path, message: 'needs either quantity or amount' });
  return { type: 'free_allowance', ...(quantity === null ? { amount: amount ?? '0' } : { quantity }), per };
}

function tiersOf(given: unknown, path: string, problems: FieldError[]): Tier[] {
  const list = Array.isArray(given) ? (given as readonly unknown[]) : [];
  if (list.length === 0 || list.length > MOST_TIERS) problems.push({ field: `${path}.tiers`, message: `must be 1 to ${MOST_TIERS} tiers` });
  const tiers = list.slice(0, MOST_TIERS).map((one, at) => {
    const tier = record(one);
    const where = `${path}.tiers.${at}`;
    unknownFields(tier, ['up_to', 'per_unit', 'flat'], where, problems);
    return {
      up_to: optionalDecimal(tier, 'up_to', where, problems),
      per_unit: requiredDecimal(tier, 'per_unit', where, problems),
      flat: requiredDecimal(tier, 'flat', where, problems, '0'),
    };
  });
  tiers.forEach(({ up_to }, at) => {
    const isLast = at === tiers.length - 1;
    if ((up_to === null) !== isLast)
      problems.push({ field: `${path}.tiers.${at}.up_to`, message: 'must be null in the last tier and in no other' });
    if (at > 0 && up_to !== null && Number(up_to) <= Number(tiers[at - 1]?.up_to ?? 0))
      problems.push({ field: `${path}.tiers.${at}.up_to`, message: 'must be above that of the tier before' });
  });
  return tiers;
}

const record = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function requiredDecimal(fields: Fields, name: string, path: string, problems: FieldError[], otherwise?: string): string {
  const value = fields[name] === undefined && otherwise !== undefined ? otherwise : text(fields[name]);
  if (!DECIMAL.test(value)) problems.push({ field: `${path}.${name}`, message: 'must be decimal text such as 15.00' });
  return value;
}

function optionalDecimal(fields: Fields, name: string, path: string, problems: FieldError[]): string | null {
  return fields[name] === undefined || fields[name] === null ? null : requiredDecimal(fields, name, path, problems);
}

function oneOf<W extends string>(
  fields: Fields,
  name: string,
  words: readonly W[],
  path: string,
  problems: FieldError[],
  otherwise?: W,
): W {
  const value = fields[name] ?? otherwise;
  const found = words.find((word) => word === value);
  if (found === undefined) problems.push({ field: `${path}.${name}`, message: `must be ${words.join(' or ')}` });
  return found ?? (words[0] as W);
}

function unknownFields(fields: Fields, known: readonly string[], path: string, problems: FieldError[]): void {
  for (const name of Object.keys(fields))
    if (!known.includes(name)) problems.push({ field: `${path}.${name}`, message: 'is not a field here' });
}
