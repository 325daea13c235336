import { count } from '../../parts/format';

/** What a verb of a saga has done. */
const DONE: Readonly<Record<string, string>> = {
  approve: 'Approved',
  reject: 'Rejected',
  resume: 'Resumed',
  retry: 'Tried again',
  cancel: 'Canceled, and being undone',
  release: 'Released',
};

/** Every text of the inbox. */
export const TEXTS = {
  title: 'Inbox',
  sub: (n: number, isCut: boolean) =>
    n === 1 ? '1 thing needs a decision.' : `${isCut ? 'More than ' : ''}${count(n)} things need a decision.`,
  together: (amount: string) => ` Drift moves ${amount} a month.`,
  nothing: (age: string) => `Nothing needs you. The youngest data is ${age} old.`,
  nothingHint: 'Suspect sweeps, drift, sagas that gave up and resources without an owner appear here.',
  all: 'All',
  groups: { sweeps: 'Sweeps', drift: 'Drift', sagas: 'Sagas', money: 'Money', owners: 'Owners', data: 'Data' },
  sweep: (kind: string, missing: number) => `${kind} sweep did not list ${missing} that were there before`,
  sweepMeta: 'Nothing was struck. Look at the names, then sweep again or release it.',
  sagaFailed: (title: string) => `${title} stopped half way`,
  sagaWaits: (who: string, title: string) => `${who} asks for approval: ${title}`,
  outputOf: (step: string, title: string) => `the output of “${step}” in ${title}`,
  drafts: (n: number, month: string | null) => `${n === 1 ? '1 draft' : `${n} drafts`}${month ? ` of ${month}` : ''} cannot be approved`,
  sagaStuck: (title: string) => `${title} could not be undone`,
  drift: (name: string, field: string) => `${name}: ${field} is not what was ordered`,
  driftMeta: (from: string, to: string) => `${from} → ${to}`,
  owners: (n: number) => (n === 1 ? '1 resource has no owner' : `${n} resources have no owner`),
  ownersMeta: 'No tenant sees or pays for them. Assign them, or give their project a tenant.',
  moves: (n: number, name: string, from: string, to: string) =>
    n === 1 ? `${name} of ${from} would go to ${to}` : `${n} resources of ${from} would go to ${to}`,
  movesMeta: 'An ownership rule asks for it. Confirm it, or change the rule.',
  invoice: (period: string) => `The provider’s invoice of ${period} does not add up`,
  invoiceMeta: (difference: string) => `off by ${difference} · nothing of it is passed on`,
  more: {
    sweeps: (read: number) => `There are more than ${count(read)} suspect sweeps`,
    sagas: (read: number) => `There are more than ${count(read)} sagas that need somebody`,
    drift: (read: number) => `There are more than ${count(read)} open drifts`,
    money: (read: number) => `There are more than ${count(read)} invoices of the provider that do not add up`,
    owners: (read: number) => `There are more than ${count(read)} moves that wait`,
    drafts: (read: number) => `There are more than ${count(read)} drafts that cannot be approved`,
  },
  moreMeta: 'The inbox reads no more than these. The list has all of them.',
  stale: (kind: string) => `The last sweep of ${kind} was not complete`,
  late: (kind: string, isNever: boolean) => (isNever ? `${kind} were never read` : `${kind} were not read in time`),
  staleMeta: 'Rows may be old. It is tried again by itself.',
  open: { sweeps: 'Open the sweep', sagas: 'Open the saga', drift: 'Open in the list', data: 'All sweeps' } as Readonly<
    Record<string, string>
  >,
  openPage: 'Open',
  close: 'Close',
  follow: 'Follow it in the saga',
  again: (kind: string) => `Sweep ${kind} again`,
  verbs: (verb: string, title: string) => `${DONE[verb] ?? 'Done'}: ${title}.`,
  keys: { again: 'sweep again', release: 'release', approve: 'approve', retry: 'retry', plan: 'plan', accept: 'accept', move: 'move' },
  onHold: 'held',
  numbers: { title: 'Numbers', open: 'Running sagas', drifted: 'Drifted resources', total: 'Resources' },
  oldest: 'Oldest data',
  costs: 'Costs by month',
  allCosts: 'all costs',
  costsLabel: 'Costs of the latest months by kind in dollars; the running month is an estimate. The page Costs has them as a table.',
};
