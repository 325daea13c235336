import type { ReportedAction } from '../../libs/features/inventory/src/queries/event-cause';

const DAY = '2026-03-01';
export const OUR_SAGA = '44444444-2222-4333-8444-555555555504';
const OTHER_SAGA = '44444444-2222-4333-8444-555555555505';

export interface CauseCase {
  readonly rule: string;
  readonly event: {
    readonly type: string;
    /** Of a day, by the database's clock. */
    readonly at: string;
    readonly fields: readonly string[];
    readonly source?: string;
    readonly saga_id?: string;
  };
  readonly actions: readonly ReportedAction[];
  /** The id of the action; a saga without an action of its own as `saga`. */
  readonly right: string | null;
}

export const time = (text: string): Date => new Date(`${DAY}T${text}Z`);

/** An action that began at a time of the day and was shown by the feed half a minute later, or when the case says. */
function told(id: number, action: string, began: string | null, { saga = null as string | null, heard = '' } = {}): ReportedAction {
  const heardAt = heard === '' ? new Date(time(began ?? '10:09:30').getTime() + 30_000) : time(heard);
  return {
    action_id: String(900_000_000 + id),
    action,
    saga_id: saga,
    started_at: began === null ? null : `${DAY}T${began}+00:00`,
    reported_at: heardAt,
  };
}

const resized = (at: string, more: Partial<CauseCase['event']> = {}): CauseCase['event'] => ({
  type: 'updated',
  at,
  fields: ['size_slug'],
  ...more,
});
const byUs = { source: 'saga', saga_id: OUR_SAGA };
const STRANGER = told(1, 'resize', '10:08:54', { heard: '10:09:00.500' });
const REVERT = told(2, 'resize', '10:09:37', { saga: OUR_SAGA, heard: '10:10:00.500' });

/** What each field of an event is changed by. */
const EFFECTS: readonly (readonly [string, readonly string[]])[] = [
  ['size_slug', ['resize']],
  ['memory', ['resize']],
  ['vcpus', ['resize']],
  ['disk', ['resize']],
  ['name', ['rename']],
  ['status', ['power_on', 'power_off', 'power_cycle', 'shutdown', 'reboot', 'destroy', 'assign_ip', 'unassign_ip', 'assign', 'unassign']],
  ['image', ['rebuild', 'restore']],
  ['features', ['enable_backups', 'disable_backups', 'enable_ipv6', 'enable_private_networking']],
  ['networks', ['enable_ipv6', 'enable_private_networking', 'create', 'assign_ip', 'unassign_ip']],
  ['droplet_id', ['assign_ip', 'unassign_ip', 'assign', 'unassign']],
  ['droplet_ids', ['attach_volume', 'detach_volume', 'attach', 'detach']],
  ['size_gigabytes', ['resize', 'resize_volume']],
];

const OF_EVERY_TYPE: readonly CauseCase[] = EFFECTS.flatMap(([field, actions]) =>
  actions.map((action) => ({
    rule: `a ${action} that follows a change of ${field} does not take the place of the one before`,
    event: { type: 'updated', at: '10:09:00', fields: [field] },
    actions: [told(1, action, '10:08:54'), told(2, action, '10:09:37')],
    right: '900000001',
  })),
);

/** One table for the rule, whether the actions come from a list or from the database. */
export const CAUSE_CASES: readonly CauseCase[] = [
  { rule: 'a change before a revert is the stranger’s', event: resized('10:09:00.191'), actions: [STRANGER, REVERT], right: '900000001' },
  { rule: 'a change after a revert is the revert’s', event: resized('10:09:43'), actions: [STRANGER, REVERT], right: '900000002' },
  { rule: 'an event of a revert names the revert', event: resized('10:09:43', byUs), actions: [STRANGER, REVERT], right: '900000002' },
  {
    rule: 'an event of a revert names its saga before the feed was read',
    event: resized('10:09:43', byUs),
    actions: [STRANGER],
    right: 'saga',
  },
  {
    rule: 'an event of a saga names no action of another saga',
    event: resized('10:09:43', byUs),
    actions: [told(1, 'resize', '10:08:54', { saga: OTHER_SAGA })],
    right: 'saga',
  },
  {
    rule: 'an event of a saga that it does not name is an effect of one of our actions',
    event: resized('10:09:43', { source: 'saga' }),
    actions: [told(1, 'resize', '10:08:54', { saga: OUR_SAGA }), told(2, 'resize', '10:09:20')],
    right: '900000001',
  },
  {
    rule: 'an event of a saga without its name or an action has no cause',
    event: resized('10:09:43', { source: 'saga' }),
    actions: [STRANGER],
    right: null,
  },
  { rule: 'an action that began after the change is none', event: resized('10:08:00'), actions: [STRANGER, REVERT], right: null },
  { rule: 'the clocks may differ by a little', event: resized('10:08:50'), actions: [STRANGER], right: '900000001' },
  { rule: 'the clocks do not differ by more', event: resized('10:08:48.900'), actions: [STRANGER], right: null },
  {
    rule: 'an action before the change goes before one within the slack',
    event: resized('10:09:35'),
    actions: [STRANGER, REVERT],
    right: '900000001',
  },
  {
    rule: 'an action that the feed showed hours later is the cause as well',
    event: resized('10:09:00'),
    actions: [told(1, 'resize', '10:08:54', { heard: '15:00:00' })],
    right: '900000001',
  },
  {
    rule: 'an action without a time began when the feed showed it',
    event: resized('10:09:00'),
    actions: [told(1, 'resize', null, { heard: '10:08:59' }), told(2, 'resize', null, { heard: '10:09:30' })],
    right: '900000001',
  },
  {
    rule: 'an action of the day before is none',
    event: resized('10:09:00'),
    actions: [{ ...told(1, 'resize', '10:08:00'), started_at: '2026-02-28T10:08:00+00:00', reported_at: new Date('2026-02-28T10:09:30Z') }],
    right: null,
  },
  {
    rule: 'a droplet that was switched off to be resized was resized',
    event: resized('10:09:00', { fields: ['size_slug', 'status', 'memory'] }),
    actions: [told(1, 'resize', '10:08:40'), told(2, 'power_off', '10:08:30'), told(3, 'power_on', '10:08:50')],
    right: '900000001',
  },
  {
    rule: 'of several fields the nearest action that changes one of them is named',
    event: resized('10:09:00', { fields: ['name', 'size_slug'] }),
    actions: [told(1, 'resize', '10:08:30'), told(2, 'rename', '10:08:40'), told(3, 'rename', '10:09:20')],
    right: '900000002',
  },
  {
    rule: 'only a destroy deletes',
    event: { type: 'deleted', at: '10:09:00', fields: ['status'] },
    actions: [told(1, 'destroy', '10:07:00'), told(2, 'power_off', '10:08:00')],
    right: '900000001',
  },
  {
    rule: 'a power_off does not delete',
    event: { type: 'deleted', at: '10:09:00', fields: ['status'] },
    actions: [told(1, 'power_off', '10:08:00')],
    right: null,
  },
  { rule: 'what makes no such change is none', event: resized('10:09:00'), actions: [told(1, 'power_on', '10:08:00')], right: null },
  ...OF_EVERY_TYPE,
];
