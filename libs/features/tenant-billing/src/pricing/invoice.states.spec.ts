import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  actionsOf,
  INVOICE_STATUSES,
  INVOICE_TRANSITIONS,
  INVOICE_VERBS,
  isPossible,
  PAYMENT_STATUSES,
  type InvoiceState,
} from './invoice.states';

const CRITICAL = { code: 'no_rate', severity: 'critical' } as const;
const stateOf = (state: Partial<InvoiceState>): InvoiceState => ({
  status: 'draft',
  paymentStatus: 'unpaid',
  problems: [],
  isTouched: false,
  ...state,
});

it('is documented: the table of verbs in the guide has the verbs and their statuses', () => {
  const guide = readFileSync(join(__dirname, '../../../../../docs/tenant-billing.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| (\w+) \| (\w+) \| (\w+) \|/gm)].map(([, verb, from, to]) => ({ verb, from, to }));
  const documented = rows.filter(({ verb }) => verb !== 'verb');
  expect(documented).toEqual(
    INVOICE_VERBS.map((verb) => ({ verb, from: INVOICE_TRANSITIONS[verb].from, to: INVOICE_TRANSITIONS[verb].to })),
  );
});

it('lets every verb start from exactly one status', () => {
  for (const status of INVOICE_STATUSES)
    for (const paymentStatus of PAYMENT_STATUSES)
      for (const verb of actionsOf(stateOf({ status, paymentStatus }))) expect(INVOICE_TRANSITIONS[verb].from).toBe(status);
  expect(actionsOf(stateOf({ status: 'void' }))).toEqual([]);
});

it('approves no draft with a critical problem, and makes nothing void that is paid or credited', () => {
  expect(isPossible('approve', stateOf({}))).toBe(true);
  expect(isPossible('approve', stateOf({ problems: [CRITICAL] }))).toBe(false);
  expect(isPossible('approve', stateOf({ problems: [{ ...CRITICAL, severity: 'warning' }] }))).toBe(true);
  expect(isPossible('void', stateOf({ status: 'issued' }))).toBe(true);
  expect(isPossible('void', stateOf({ status: 'issued', isTouched: true }))).toBe(false);
  expect(isPossible('void', stateOf({ status: 'issued', paymentStatus: 'written_off' }))).toBe(false);
});
