import { CLOSED_STATUSES, FAILED_STATUSES, type SagaStatus, type StepStatus } from '../saga.states';

/** What a person may do with a saga. The names are those of the routes. */
export const SAGA_VERBS = [
  'cancel',
  'retry',
  'pause',
  'resume',
  'retry-step',
  'set-policy',
  'skip',
  'complete-with-output',
  'release',
  'redrive',
  'approve',
  'reject',
] as const;
export type SagaVerb = (typeof SAGA_VERBS)[number];

/**
 * Where a saga is within its status. `queued`: it waits for a worker. `working`: a worker has it. `backoff`: between two tries. `waiting`: for
 * an effect. `pausing`: paused while a worker ends the step in flight.
 */
export type Situation = 'undecided' | 'queued' | 'working' | 'backoff' | 'waiting' | 'pausing' | 'paused' | 'stopped' | 'ended';

const AT_WORK: readonly Situation[] = ['queued', 'working', 'backoff', 'waiting', 'pausing', 'paused'];

/** The situations in which a saga of a status can be. */
export const SITUATIONS: Readonly<Record<SagaStatus, readonly Situation[]>> = {
  awaiting_approval: ['undecided'],
  pending: ['queued', 'paused'],
  running: AT_WORK,
  compensating: AT_WORK,
  completed: ['ended'],
  rolled_back: ['ended'],
  rejected: ['ended'],
  failed: ['stopped'],
  compensation_failed: ['stopped'],
};

/** What the table needs to know of a saga. */
export interface SagaFacts {
  readonly status: SagaStatus;
  readonly isPaused: boolean;
  /** A worker has a valid lease. */
  readonly isLeased: boolean;
  readonly pivotPassed: boolean;
  /** The ledger line of the current step; undefined when the step has not begun. */
  readonly line:
    | {
        readonly status: StepStatus;
        readonly hasError: boolean;
        readonly hasIntent: boolean;
        readonly compensationAttempts: number;
      }
    | undefined;
  /** What the current step declares; undefined for a step of another release. */
  readonly step:
    { readonly pivot: boolean; readonly skippable: 'freely' | 'with_output' | null; readonly isCheckable: boolean } | undefined;
  /** The decision that is open. */
  readonly undecided: 'start' | 'step_output' | null;
  /** Only other parts of the product start the kind. */
  readonly isInternal: boolean;
}

/** Further conditions of a verb, each with its text in the documentation and with that of a refusal. */
const CONDITIONS = {
  before_pivot: {
    holds: ({ pivotPassed, step, line }) => !pivotPassed && !(step?.pivot === true && line !== undefined),
    text: 'no pivot has begun',
    otherwise: 'its pivot has begun',
  },
  skippable: {
    holds: ({ step }) => step !== undefined && !step.pivot && step.skippable !== null,
    text: 'the step declares that it may be skipped, and is no pivot',
    otherwise: 'the current step may not be skipped',
  },
  tried: {
    holds: ({ line }) => line !== undefined && line.hasError && line.status !== 'waiting',
    text: 'the step has failed at least once',
    otherwise: 'the current step has not failed yet',
  },
  unknown_outcome: {
    holds: ({ line, step }) =>
      line !== undefined && line.hasIntent && ['running', 'waiting', 'failed'].includes(line.status) && step?.isCheckable === true,
    text: 'the step has recorded what it would do and has no outcome, and can check an output',
    otherwise: 'the outcome of the current step is known, or the step cannot check an output',
  },
  nothing_asked: { holds: ({ undecided }) => undecided === null, text: 'no decision is open', otherwise: 'another decision is open' },
  output_asked: {
    holds: ({ status, undecided }) => status === 'awaiting_approval' || undecided === 'step_output',
    text: 'a start or an output waits for a decision',
    otherwise: 'no start and no output waits for a decision',
  },
  startable: {
    holds: ({ isInternal }) => !isInternal,
    text: 'a request can start its kind',
    otherwise: 'only the service itself starts sagas of its kind',
  },
} as const satisfies Readonly<
  Record<string, { readonly holds: (facts: SagaFacts) => boolean; readonly text: string; readonly otherwise: string }>
>;

type Condition = keyof typeof CONDITIONS;

interface VerbRule {
  readonly does: string;
  readonly from: Partial<Readonly<Record<SagaStatus, readonly Situation[]>>>;
  readonly also?: readonly Condition[];
  /** The tenant that started the saga may do it too. */
  readonly byStarter?: true;
}

const STOPPED: VerbRule['from'] = { failed: ['stopped'], compensation_failed: ['stopped'] };
const RUNNING: VerbRule['from'] = { pending: SITUATIONS.pending, running: AT_WORK, compensating: AT_WORK };
const DECIDABLE: VerbRule['from'] = { awaiting_approval: ['undecided'], running: AT_WORK, failed: ['stopped'] };

/** Which verb is legal when. The one place that decides it: the services, the responses of the API and the page of the API read it. [OPV-1] */
export const VERB_TABLE: Readonly<Record<SagaVerb, VerbRule>> = {
  cancel: {
    does: 'ends the saga at its next step boundary and undoes its steps',
    from: { awaiting_approval: ['undecided'], ...RUNNING },
    also: ['before_pivot'],
    byStarter: true,
  },
  retry: { does: 'continues at the failed step, or repeats the failed compensations', from: STOPPED, byStarter: true },
  pause: { does: 'lets the step in flight end, and no other begin', from: RUNNING },
  resume: { does: 'ends a pause', from: RUNNING },
  'retry-step': {
    does: 'gives the current step fresh tries, now; ends a pause',
    from: { pending: ['paused'], running: ['backoff', 'paused'], compensating: ['backoff', 'paused'] },
  },
  'set-policy': { does: 'sets tries, pauses and limits of this saga', from: { awaiting_approval: ['undecided'], ...RUNNING } },
  skip: {
    does: 'goes on without the current step',
    from: { running: ['backoff', 'paused'], failed: ['stopped'] },
    also: ['skippable', 'tried'],
  },
  'complete-with-output': {
    does: 'proposes the output of the current step; another admin approves',
    from: { running: ['queued', 'backoff', 'waiting', 'paused'], failed: ['stopped'] },
    also: ['unknown_outcome', 'nothing_asked'],
  },
  release: { does: 'releases what a failed saga holds', from: STOPPED },
  redrive: { does: 'starts a new saga of the same kind with the same input', from: { rolled_back: ['ended'] }, also: ['startable'] },
  approve: { does: 'approves the start, or the proposed output', from: DECIDABLE, also: ['output_asked'] },
  reject: { does: 'rejects the start, or the proposed output', from: DECIDABLE, also: ['output_asked'] },
};

/** Pure. */
export function situationOf({ status, isPaused, isLeased, line }: SagaFacts): Situation {
  if (status === 'awaiting_approval') return 'undecided';
  if (CLOSED_STATUSES.includes(status)) return 'ended';
  if (FAILED_STATUSES.some((failed) => failed === status)) return 'stopped';
  if (isPaused) return isLeased ? 'pausing' : 'paused';
  if (isLeased) return 'working';
  if (line?.status === 'waiting' || (line?.status === 'compensating' && line.compensationAttempts === 0)) return 'waiting';
  return line?.hasError && (line.status === 'running' || line.status === 'compensating') ? 'backoff' : 'queued';
}

/** Why the verb is not legal now, as the end of a sentence; undefined when it is. Pure. */
export function refusalOf(verb: SagaVerb, facts: SagaFacts): string | undefined {
  const { from, also = [] } = VERB_TABLE[verb];
  const situation = situationOf(facts);
  if (from[facts.status]?.includes(situation) !== true)
    return `the saga is ${facts.status} and ${situation}; the verb needs ${placesOf(from)}`;
  const missing = also.find((condition) => !CONDITIONS[condition].holds(facts));
  return missing && CONDITIONS[missing].otherwise;
}

/** Who asks for the verbs of a saga. */
export interface VerbAsker {
  /** Null for an admin. */
  readonly tenantId: string | null;
  readonly sub?: string;
}

/** The verbs that are legal now for the person who asks. `askedBy`: who asked for the decision that is open. Pure. */
export function actionsFor(facts: SagaFacts, asker: VerbAsker, started: { readonly byTenant: boolean; readonly askedBy: string | null }) {
  return SAGA_VERBS.filter((verb) => {
    if (refusalOf(verb, facts) !== undefined) return false;
    if (asker.tenantId !== null) return VERB_TABLE[verb].byStarter === true && started.byTenant;
    return !(verb === 'approve' || verb === 'reject') || asker.sub === undefined || asker.sub !== started.askedBy;
  });
}

function placesOf(from: VerbRule['from']): string {
  const places = Object.entries(from).map(([status, situations]) => {
    const all = situations.length === SITUATIONS[status as SagaStatus].length;
    return all ? status : `${status} (${situations.join(', ')})`;
  });
  return places.length < 2 ? places.join('') : `${places.slice(0, -1).join(', ')} or ${places.at(-1)}`;
}

/** The table as the page of the API has it. Pure. */
export function verbTableText(): string {
  const rows = SAGA_VERBS.map((verb) => {
    const { does, from, also = [], byStarter } = VERB_TABLE[verb];
    const conditions = also.map((condition) => CONDITIONS[condition].text).join('; ');
    return `| \`${verb}\` | ${does} | ${placesOf(from)} | ${conditions} | ${byStarter ? 'admin, and the tenant that started it' : 'admin'} |`;
  });
  return ['| verb | does | allowed while the saga is | and | by |', '|---|---|---|---|---|', ...rows].join('\n');
}
