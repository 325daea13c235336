/** One part of every bar, such as a tenant. `color` is the number of its colour in tokens.css; 0 is "others". */
export interface Series {
  readonly id: string;
  readonly name: string;
  readonly color: number;
}

/** A table of amounts by bar and series, as a chart draws them. */
export interface Stacks {
  readonly series: readonly Series[];
  /** By bar, then by series. */
  readonly values: readonly (readonly number[])[];
}

const MOST_SERIES = 7;
const OTHERS: Series = { id: 'others', name: 'Others', color: 0 };

interface Cell {
  readonly bar: string;
  /** Null stays apart from the named ones. */
  readonly part: string | null;
  readonly amount: number;
}

/** Less than any amount that is drawn: what remains of a sum of fractions that cancel. */
const LEAST_DRAWN = 1e-9;

/**
 * Puts the largest parts first, each with a colour, and adds up the rest as "others", which is always last. A part below zero, such as a credit,
 * is a part too: without it the rest would be more than the total. Pure.
 */
export function stacksOf(bars: readonly string[], cells: readonly Cell[], nameOf: (part: string | null) => string): Stacks {
  const sums = new Map<string | null, number>();
  for (const { part, amount } of cells) sums.set(part, (sums.get(part) ?? 0) + amount);
  const parts = [...sums].filter(([, sum]) => Math.abs(sum) >= LEAST_DRAWN).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const kept = parts.slice(0, parts.length > MOST_SERIES + 1 ? MOST_SERIES : MOST_SERIES + 1).map(([part]) => part);
  const hasOthers = kept.length < parts.length;
  const values = bars.map((bar) => {
    const own = cells.filter((cell) => cell.bar === bar);
    const sumOf = (is: (part: string | null) => boolean) => own.reduce((sum, { part, amount }) => (is(part) ? sum + amount : sum), 0);
    return [...kept.map((part) => sumOf((one) => one === part)), ...(hasOthers ? [sumOf((one) => !kept.includes(one))] : [])];
  });
  const series = kept.map((part, index) => ({ id: part ?? '', name: nameOf(part), color: index + 1 }));
  return { series: hasOthers ? [...series, OTHERS] : series, values };
}

/** What a bar has above zero, and what below. Pure. */
export const aboveZero = (values: readonly number[]): number => values.reduce((sum, value) => sum + Math.max(0, value), 0);
export const belowZero = (values: readonly number[]): number => values.reduce((sum, value) => sum + Math.min(0, value), 0);

/** Zero and two or three round values up to at least `most`, and down to at most `least`. Pure. */
export function scaleTicks(most: number, least = 0): readonly number[] {
  const span = Math.max(0, most) - Math.min(0, least);
  if (span === 0) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(span / 2));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => span / one <= 3) ?? 10 * power;
  const below = Math.ceil(-Math.min(0, least) / step);
  return Array.from({ length: below + Math.ceil(Math.max(0, most) / step) + 1 }, (_, index) => (index - below) * step);
}
