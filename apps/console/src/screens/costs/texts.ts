import { count } from '../../parts/format';

/** Every text of the costs. */
export const TEXTS = {
  title: 'Costs',
  month: 'Month',
  estimate: 'Estimate: accrued by the second at list prices. The invoice decides.',
  invoiced: 'From the lines of the provider’s invoices, without tax.',
  accrued: 'Accrued by the second at list prices.',
  incomplete: (day: string) => `Before ${day} nothing was recorded, so the month is not whole.`,
  total: 'in total',
  csv: 'CSV',
  groups: { tenant: 'Tenant', kind: 'Kind', project: 'Project', day: 'Day' },
  amount: '$',
  share: 'Share',
  noOwner: 'No owner',
  noProject: 'Without a project',
  rest: 'Account',
  unpriced: (n: number, kind: string) => `${count(n)} ${kind}`,
  unpricedTitle: 'Not in these costs, because there is no price:',
  empty: { title: 'No costs in this month', hint: 'Choose another month.' },
};
