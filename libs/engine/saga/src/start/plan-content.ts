import { Money } from '#libs/kernel';
import {
  NO_DOWNTIME,
  type Forecast,
  type PlanContent,
  type PlannedCost,
  type PlannedPrice,
  type PlannedStep,
  type TouchedPrices,
} from '../definition/plan';
import type { SagaDefinition } from '../definition/saga-definition';

const NO_LIMITS: Pick<PlanContent, 'limits' | 'approval'> = { limits: [], approval: { required: false, why: null } };

/** The plan of a start that was refused before anything could be foreseen. */
export const EMPTY_PLAN: PlanContent = {
  steps: [],
  creates: [],
  changes: [],
  destroys: [],
  leaves: [],
  cost: costOf({ before: [], after: [] }),
  downtime: NO_DOWNTIME,
  ...NO_LIMITS,
  warnings: [],
  holds: [],
};

interface PreparedStart {
  readonly input: Readonly<Record<string, unknown>>;
  readonly steps: readonly string[];
  readonly holds: readonly string[];
}

/** Puts the outlines of the steps and the forecast of the definition together. Pure. */
export function planContent(definition: SagaDefinition, { input, steps: names, holds }: PreparedStart, forecast: Forecast): PlanContent {
  const { creates = [], changes = [], destroys = [], leaves = [], prices = { before: [], after: [] } } = forecast;
  const { steps, why } = plannedSteps(definition, names, input, forecast.facts);
  const nothing = names.length > 0 && steps.length === 0;
  const idle = { code: 'nothing_to_do', detail: `There is nothing to do: ${why.join('; ')}` };
  return {
    steps,
    creates,
    changes,
    destroys,
    leaves,
    cost: costOf(prices),
    downtime: nothing ? NO_DOWNTIME : (forecast.downtime ?? NO_DOWNTIME),
    ...NO_LIMITS,
    warnings: [...(nothing ? [idle] : []), ...(forecast.warnings ?? [])],
    holds,
  };
}

function plannedSteps(definition: SagaDefinition, names: readonly string[], input: PreparedStart['input'], facts: unknown) {
  const steps: PlannedStep[] = [];
  const why = new Set<string>();
  let reversible = true;
  for (const name of names) {
    const step = definition.steps.find((one) => one.name === name);
    const outline = step?.outline?.(input, facts as never) ?? { does: `Runs the step ${name}`, calls: { min: 0, typical: 0 } };
    if ('skipped' in outline) {
      why.add(outline.skipped);
      continue;
    }
    reversible &&= step?.pivot !== true;
    steps.push({
      name,
      does: outline.does,
      reversible,
      undo: reversible ? (outline.undo ?? null) : null,
      calls: outline.calls,
    });
  }
  return { steps, why: [...why] };
}

/** Adds up what the touched things cost. A price that is not known makes its sum unknown: it never counts as zero. [PRC-1] Pure. */
export function costOf({ before, after }: TouchedPrices): PlannedCost {
  const known = [...before, ...after].filter((price) => price !== null);
  const [first] = known;
  const monthly = { before: sumOf(before, 'monthly'), after: sumOf(after, 'monthly') };
  const hourly = { before: sumOf(before, 'hourly'), after: sumOf(after, 'hourly') };
  const sources = [...new Set(known.map(({ source }) => source))];
  return {
    before_monthly: monthly.before?.toAmountText() ?? null,
    after_monthly: monthly.after?.toAmountText() ?? null,
    delta_monthly: difference(monthly),
    delta_hourly: difference(hourly),
    currency: first?.currency ?? 'USD',
    source: sources.length === 0 ? null : sources.sort().join(','),
  };
}

function sumOf(prices: readonly (PlannedPrice | null)[], of: 'monthly' | 'hourly'): Money | undefined {
  const known = prices.flatMap((price) => (price === null ? [] : [Money.parse(price[of], price.currency)]));
  return known.length < prices.length ? undefined : Money.sum(known, known[0]?.currency);
}

function difference({ before, after }: { readonly before: Money | undefined; readonly after: Money | undefined }): string | null {
  if (!before || !after) return null;
  const currency = before.isZero() ? after.currency : before.currency;
  return Money.parse(after.toText(), currency).subtract(Money.parse(before.toText(), currency)).toAmountText();
}
