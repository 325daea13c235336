import { monthText } from '../../parts/format';

/** Every text of the month board. */
export const TEXTS = {
  title: 'Month runs',
  month: 'Month',
  rated: (age: string) => `Rated ${age} ago`,
  before: (month: string) => `The month before is ${month}.`,
  stopped: (n: number) => `${n} stopped`,
  strip: { label: 'Sums of the month', sell: 'Sell, net', buy: 'Buy, tenants', margin: 'Margin', issued: 'Issued', paid: 'Paid' },
  of: (n: string, all: string) => `${n} of ${all}`,
  heads: { tenant: 'Tenant', draft: 'Draft', ready: 'Ready', issued: 'Issued', paid: 'Paid', net: 'Net $', next: 'What next' },
  versus: (month: string) => `vs ${month}`,
  stages: { done: 'done', here: 'here', todo: 'not yet', stopped: 'stopped' },
  next: {
    draft: 'Draft, no problems',
    ready: 'Approved: issue it',
    paid: 'Paid',
    due: (day: string) => `Due ${day}`,
    overdue: (day: string) => `Overdue since ${day}`,
    partly: (due: string) => `${due} left to pay`,
    writtenOff: 'Written off',
    none: 'No invoice for this month',
  },
  noChange: 'no change',
  isNew: 'new',
  tenants: (n: number) => `${n} ${n === 1 ? 'tenant' : 'tenants'}`,
  run: {
    start: (month: string) => `Rate ${month}`,
    again: 'Rate again',
    title: (month: string) => `Rate ${month}`,
    text: 'A worker splits every line of the provider by owners and pools and prices it by the rate cards. Rated lines of the month are replaced as a whole; issued invoices stay as they are.',
    progress: (tenants: string, lines: string) => `${tenants} tenants, ${lines} lines so far.`,
    failed: 'The last rating failed:',
  },
  build: {
    button: 'Build drafts',
    refresh: 'Refresh drafts',
    title: (month: string) => `Build the drafts of ${month}`,
    text: 'Every tenant with rated lines gets a draft, or its draft anew. Approved and issued invoices stay as they are; what changed for them becomes a correction in the next draft.',
  },
  approve: (n: number) => `Approve ${n}…`,
  issue: (n: number) => `Issue ${n}…`,
  problems: {
    title: 'Problems',
    none: 'Nothing stops an invoice.',
    count: (n: number) => `${n} stop an invoice`,
    run: 'of the rating',
    more: (n: number) => `and ${n} more`,
  },
  empty: {
    unrated: (period: string) => ({
      title: `${monthText(period)} is not rated yet`,
      hint: 'Rate the month once the provider’s invoices add up. Then build the drafts.',
    }),
    rated: (period: string) => ({
      title: `${monthText(period)} has no drafts yet`,
      hint: 'Build the drafts: one for each tenant with lines.',
    }),
  },
  seeProvider: 'Provider invoices of the month',
  seePnl: 'Profit and loss',
};
