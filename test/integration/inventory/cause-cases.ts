import type { ReportedAction } from '../../../libs/features/inventory/src/queries/change-causes';

const DAY = '2026-03-01';
export const OUR_SAGA = '44444444-2222-4333-8444-555555555504';
const OTHER_SAGA = '44444444-2222-4333-8444-555555555505';

export interface CauseCase {
  readonly rule: string;
  readonly event: {
    readonly type: string;
    /** A time of day, by the database's clock. */
    readonly at: string;
    readonly fields: readonly string[];
    readonly source?: string;
    readonly saga_id?: string;
  };
  readonly actions: readonly ReportedAction[];
  /** The id of the expected action; `saga` for a saga without an action of its own; null for no cause. */
  readonly right: string | null;
}

export const time = (text: string): Date => new Date(`${DAY}T${text}Z`);

/** An action that began at a time of day. The feed reported it half a minute later, or at `reportedTime`. */
function reportedAction(
  id: number,
  action: string,
  began: string | null,
  { saga = null as string | null, reportedTime = '' } = {},
): ReportedAction {
  const reportedAt = reportedTime === '' ? new Date(time(began ?? '10:09:30').getTime() + 30_000) : time(reportedTime);
  return {
    action_id: String(900_000_000 + id),
    action,
    saga_id: saga,
    started_at: began === null ? null : `${DAY}T${began}+00:00`,
    reported_at: reportedAt,
  };
}

const resized = (at: string, more: Partial<CauseCase['event']> = {}): CauseCase['event'] => ({
  type: 'updated',
  at,
  fields: ['size_slug'],
  ...more,
});
const bySaga = { source: 'saga', saga_id: OUR_SAGA };
const FOREIGN = reportedAction(1, 'resize', '10:08:54', { reportedTime: '10:09:00.500' });
const REVERT = reportedAction(2, 'resize', '10:09:37', { saga: OUR_SAGA, reportedTime: '10:10:00.500' });

/** Fields of an event, each with the actions that can change it. */
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
    rule: `a ${action} after a change of ${field} does not replace the ${action} before it as the cause`,
    event: { type: 'updated', at: '10:09:00', fields: [field] },
    actions: [reportedAction(1, action, '10:08:54'), reportedAction(2, action, '10:09:37')],
    right: '900000001',
  })),
);

/** One table for the rule, used with actions from a list and with actions from the database. */
export const CAUSE_CASES: readonly CauseCase[] = [
  {
    rule: 'a change before a revert is caused by the foreign action',
    event: resized('10:09:00.191'),
    actions: [FOREIGN, REVERT],
    right: '900000001',
  },
  {
    rule: 'of two actions in one second the one that was reported first is the cause',
    event: resized('10:09:37.900'),
    actions: [REVERT, reportedAction(1, 'resize', '10:09:37', { reportedTime: '10:09:38' })],
    right: '900000001',
  },
  { rule: 'a change after a revert is caused by the revert', event: resized('10:09:43'), actions: [FOREIGN, REVERT], right: '900000002' },
  { rule: 'an event of a revert names the revert', event: resized('10:09:43', bySaga), actions: [FOREIGN, REVERT], right: '900000002' },
  {
    rule: 'an event of a revert names its saga before the feed was read',
    event: resized('10:09:43', bySaga),
    actions: [FOREIGN],
    right: 'saga',
  },
  {
    rule: 'an event of a saga names no action of another saga',
    event: resized('10:09:43', bySaga),
    actions: [reportedAction(1, 'resize', '10:08:54', { saga: OTHER_SAGA })],
    right: 'saga',
  },
  {
    rule: 'an event of an unnamed saga is an effect of one of our actions',
    event: resized('10:09:43', { source: 'saga' }),
    actions: [reportedAction(1, 'resize', '10:08:54', { saga: OUR_SAGA }), reportedAction(2, 'resize', '10:09:20')],
    right: '900000001',
  },
  {
    rule: 'an event of an unnamed saga without an action of ours has no cause',
    event: resized('10:09:43', { source: 'saga' }),
    actions: [FOREIGN],
    right: null,
  },
  { rule: 'an action that began after the change is not its cause', event: resized('10:08:00'), actions: [FOREIGN, REVERT], right: null },
  {
    rule: 'an action that began within the clock tolerance after the change is its cause',
    event: resized('10:08:50'),
    actions: [FOREIGN],
    right: '900000001',
  },
  {
    rule: 'an action that began beyond the clock tolerance after the change is not its cause',
    event: resized('10:08:48.900'),
    actions: [FOREIGN],
    right: null,
  },
  {
    rule: 'an action before the change is preferred to one within the clock tolerance after it',
    event: resized('10:09:35'),
    actions: [FOREIGN, REVERT],
    right: '900000001',
  },
  {
    rule: 'an action that the feed reported hours later is the cause as well',
    event: resized('10:09:00'),
    actions: [reportedAction(1, 'resize', '10:08:54', { reportedTime: '15:00:00' })],
    right: '900000001',
  },
  {
    rule: 'an action without a start time counts as started when the feed reported it',
    event: resized('10:09:00'),
    actions: [
      reportedAction(1, 'resize', null, { reportedTime: '10:08:59' }),
      reportedAction(2, 'resize', null, { reportedTime: '10:09:30' }),
    ],
    right: '900000001',
  },
  {
    rule: 'an action of the day before is not the cause',
    event: resized('10:09:00'),
    actions: [
      {
        ...reportedAction(1, 'resize', '10:08:00'),
        started_at: '2026-02-28T10:08:00+00:00',
        reported_at: new Date('2026-02-28T10:09:30Z'),
      },
    ],
    right: null,
  },
  {
    rule: 'a droplet that was switched off for a resize names the resize as the cause',
    event: resized('10:09:00', { fields: ['size_slug', 'status', 'memory'] }),
    actions: [
      reportedAction(1, 'resize', '10:08:40'),
      reportedAction(2, 'power_off', '10:08:30'),
      reportedAction(3, 'power_on', '10:08:50'),
    ],
    right: '900000001',
  },
  {
    rule: 'of several fields the nearest action that changes one of them is named',
    event: resized('10:09:00', { fields: ['name', 'size_slug'] }),
    actions: [reportedAction(1, 'resize', '10:08:30'), reportedAction(2, 'rename', '10:08:40'), reportedAction(3, 'rename', '10:09:20')],
    right: '900000002',
  },
  {
    rule: 'a deletion is caused by a destroy only',
    event: { type: 'deleted', at: '10:09:00', fields: ['status'] },
    actions: [reportedAction(1, 'destroy', '10:07:00'), reportedAction(2, 'power_off', '10:08:00')],
    right: '900000001',
  },
  {
    rule: 'a power_off is not the cause of a deletion',
    event: { type: 'deleted', at: '10:09:00', fields: ['status'] },
    actions: [reportedAction(1, 'power_off', '10:08:00')],
    right: null,
  },
  {
    rule: 'an action that cannot make the change is not its cause',
    event: resized('10:09:00'),
    actions: [reportedAction(1, 'power_on', '10:08:00')],
    right: null,
  },
  ...OF_EVERY_TYPE,
];
