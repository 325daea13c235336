import { Money } from '#libs/kernel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monthlyLines } from './monthly-terms';
import { priceLines } from './price-lines';
import { readModel, readMonthlyTerms } from './rate-model';

interface Example {
  readonly model: { readonly type: string };
  readonly lines: readonly { readonly resource: string; readonly buy: string; readonly quantity: string; readonly days: number }[];
  readonly sell: readonly string[];
}
interface TermsExample {
  readonly net: string;
  readonly monthly: object;
  readonly lines: readonly (readonly [string, string])[];
  readonly total: string;
}

const PAGE = readFileSync(join(__dirname, '../../../../../docs/tenant-billing.md'), 'utf8');
const DAY_S = 86_400;

/** The examples of a sort in the page for people. */
const examplesOf = <E>(sort: string): E[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`json ${sort}\\n([^\`]*)\`\`\``, 'gm'))].map(([, text = '']) => JSON.parse(text) as E);

it('has an example for every model', () => {
  const models = examplesOf<Example>('example').map(({ model }) => model.type);
  expect(models.sort()).toEqual(['cost_plus', 'fixed_per_sku', 'free', 'free_allowance', 'graduated', 'package', 'volume']);
});

it.each(examplesOf<Example>('example'))('prices the example of $model.type as the page says', ({ model, lines, sell }) => {
  const priced = priceLines(
    readModel(model, 'model'),
    lines.map(({ resource, buy, quantity, days }) => ({
      resourceId: resource,
      buy: Money.parse(buy),
      quantity: Money.parse(quantity),
      seconds: days * DAY_S,
      monthSeconds: 30 * DAY_S,
    })),
  );
  expect(priced.map((amount) => amount.toAmountText())).toEqual(sell);
});

it.each(examplesOf<TermsExample>('terms'))('applies the terms to $net as the page says', ({ net, monthly, lines, total }) => {
  const added = monthlyLines(Money.parse(net), readMonthlyTerms(monthly, 'monthly'));
  expect(added.map(({ kind, amount }) => [kind, amount.toAmountText()])).toEqual(lines);
  expect(Money.sum([Money.parse(net), ...added.map(({ amount }) => amount)]).toAmountText()).toBe(total);
});
