import type { Icon as IconComponent } from './icon';
import {
  IconAlertOctagon,
  IconArrowBackUp,
  IconBan,
  IconChecks,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleDashedX,
  IconCircleHalf2,
  IconCircleX,
  IconClockPause,
  IconEyeOff,
  IconGitCompare,
  IconHourglass,
  IconLoader2,
  IconPlayerPause,
  IconPlayerSkipForward,
  IconPlayerStop,
  IconPlugX,
  IconRadarOff,
  IconRefresh,
  IconRotateClockwise2,
  IconTrash,
  IconUserCheck,
  IconUserX,
} from './icons';
import { words } from './format';

export type Tone = 'ok' | 'info' | 'wait' | 'warn' | 'bad' | 'mute';
type Look = readonly [Tone, IconComponent, string];

/** The vocabulary of states: always an icon and a word, and a colour third. */
const LOOKS: Readonly<Record<string, Readonly<Record<string, Look>>>> = {
  resource: {
    active: ['ok', IconCircleCheck, 'Active'],
    attached: ['ok', IconCircleCheck, 'Attached'],
    assigned: ['ok', IconCircleCheck, 'Assigned'],
    succeeded: ['ok', IconCircleCheck, 'Active'],
    available: ['ok', IconCircleCheck, 'Available'],
    online: ['ok', IconCircleCheck, 'Online'],
    running: ['ok', IconCircleCheck, 'Running'],
    verified: ['ok', IconCircleCheck, 'Verified'],
    provisioning: ['info', IconLoader2, 'Creating'],
    creating: ['info', IconLoader2, 'Creating'],
    degraded: ['warn', IconAlertOctagon, 'Degraded'],
    detached: ['warn', IconPlugX, 'Detached'],
    error: ['bad', IconCircleX, 'Failed'],
    new: ['info', IconLoader2, 'Creating'],
    waiting: ['info', IconLoader2, 'Waiting'],
    off: ['mute', IconPlayerStop, 'Off'],
    archive: ['mute', IconPlayerStop, 'Archived'],
    unassigned: ['warn', IconPlugX, 'Unassigned'],
    failed: ['bad', IconCircleX, 'Failed'],
    errored: ['bad', IconCircleX, 'Errored'],
    missing: ['bad', IconCircleDashedX, 'Missing'],
    deleted: ['mute', IconTrash, 'Deleted'],
  },
  sweep: {
    running: ['info', IconRefresh, 'Running'],
    complete: ['ok', IconCircleCheck, 'Complete'],
    incomplete: ['warn', IconCircleHalf2, 'Incomplete'],
    suspect: ['bad', IconRadarOff, 'Suspect'],
    released: ['mute', IconChecks, 'Released'],
    refused: ['bad', IconBan, 'Refused'],
    not_available: ['mute', IconBan, 'Not available'],
  },
  saga: {
    awaiting_approval: ['wait', IconUserCheck, 'Waits for approval'],
    pending: ['mute', IconHourglass, 'Queued'],
    running: ['info', IconLoader2, 'Running'],
    compensating: ['warn', IconArrowBackUp, 'Undoing'],
    completed: ['ok', IconCircleCheck, 'Done'],
    rolled_back: ['mute', IconArrowBackUp, 'Undone'],
    failed: ['bad', IconCircleX, 'Failed'],
    compensation_failed: ['bad', IconAlertOctagon, 'Undo failed'],
    rejected: ['mute', IconUserX, 'Rejected'],
    paused: ['wait', IconPlayerPause, 'Paused'],
  },
  step: {
    planned: ['mute', IconCircleDashed, 'Not reached'],
    running: ['info', IconLoader2, 'Running'],
    waiting: ['wait', IconHourglass, 'Waiting'],
    completed: ['ok', IconCircleCheck, 'Done'],
    skipped: ['mute', IconPlayerSkipForward, 'Skipped'],
    failed: ['bad', IconCircleX, 'Failed'],
    compensating: ['warn', IconArrowBackUp, 'Undoing'],
    compensated: ['mute', IconArrowBackUp, 'Undone'],
    compensation_failed: ['bad', IconAlertOctagon, 'Undo failed'],
  },
  drift: {
    open: ['warn', IconGitCompare, 'Drifted'],
    accepted: ['mute', IconChecks, 'Accepted'],
    reverted: ['ok', IconRotateClockwise2, 'Put back'],
    stale: ['mute', IconClockPause, 'Out of date'],
    ignored: ['mute', IconEyeOff, 'Ignored'],
  },
  tenant: {
    active: ['ok', IconCircleCheck, 'Active'],
    suspended: ['warn', IconPlayerPause, 'Suspended'],
    offboarding: ['wait', IconHourglass, 'Leaving'],
    closed: ['mute', IconBan, 'Closed'],
  },
  invoice: {
    draft: ['mute', IconCircleDashed, 'Draft'],
    ready: ['wait', IconUserCheck, 'Approved'],
    issued: ['ok', IconCircleCheck, 'Issued'],
    void: ['mute', IconBan, 'Void'],
  },
  ingest: {
    discovered: ['mute', IconHourglass, 'Not read yet'],
    ingesting: ['info', IconLoader2, 'Being read'],
    ingested: ['ok', IconCircleCheck, 'Read'],
    failed: ['bad', IconCircleX, 'Failed'],
  },
  reconciliation: {
    reconciled: ['ok', IconCircleCheck, 'Adds up'],
    mismatch: ['bad', IconAlertOctagon, 'Does not add up'],
    released: ['mute', IconChecks, 'Released'],
  },
  run: {
    pending: ['mute', IconHourglass, 'Queued'],
    running: ['info', IconLoader2, 'Rating'],
    completed: ['ok', IconCircleCheck, 'Rated'],
    failed: ['bad', IconCircleX, 'Failed'],
  },
  payment: {
    unpaid: ['info', IconHourglass, 'Unpaid'],
    partly_paid: ['wait', IconCircleHalf2, 'Partly paid'],
    paid: ['ok', IconChecks, 'Paid'],
    written_off: ['mute', IconBan, 'Written off'],
  },
};

interface StatusProps {
  readonly of: 'resource' | 'sweep' | 'saga' | 'step' | 'drift' | 'tenant' | 'invoice' | 'payment' | 'ingest' | 'reconciliation' | 'run';
  readonly value: string;
  readonly pill?: boolean;
}

function lookOf(of: string, value: string): Look {
  return LOOKS[of]?.[value] ?? ['mute', IconCircleDashed, words(value)];
}

export const statusWord = (of: StatusProps['of'], value: string): string => lookOf(of, value)[2];

export function Status({ of, value, pill = false }: StatusProps) {
  const [tone, Icon, word] = lookOf(of, value);
  return (
    <Badge tone={tone} icon={Icon} pill={pill} spins={Icon === IconLoader2}>
      {word}
    </Badge>
  );
}

interface BadgeProps {
  readonly tone: Tone;
  readonly icon: IconComponent;
  readonly pill?: boolean;
  readonly spins?: boolean;
  readonly children: React.ReactNode;
}

export function Badge({ tone, icon: Icon, pill = false, spins = false, children }: BadgeProps) {
  return (
    <span className={`${pill ? 'pill' : 'st'} ${tone}${spins ? ' spin' : ''}`}>
      <Icon size={14} stroke={1.75} aria-hidden />
      {children}
    </span>
  );
}
