import { answered, type Schemas } from '../session/client';
import { EXIT } from '../session/failure';
import { cellText, writeObject } from '../session/output';
import { durationMs, type Session } from '../session/session';
import { paint, type Colour } from '../session/terminal';

type Saga = Schemas['SagaResponse'];
type Step = Schemas['SagaStepResponse'];

/** Statuses that no saga leaves without an operator. */
const ENDED: readonly Saga['status'][] = ['completed', 'rolled_back', 'failed', 'compensation_failed', 'rejected'];
const PAUSE_MS = 1_000;
const DEFAULT_TIMEOUT = '30m';

const MARKS: Readonly<Record<Step['status'], readonly [mark: string, colour: Colour]>> = {
  planned: ['·', 'grey'],
  running: ['▸', 'yellow'],
  waiting: ['◦', 'yellow'],
  completed: ['✓', 'green'],
  skipped: ['–', 'grey'],
  failed: ['✗', 'red'],
  compensating: ['◂', 'yellow'],
  compensated: ['↩', 'grey'],
  compensation_failed: ['✗', 'red'],
};

export const SAGA_FIELDS = [
  'id',
  'kind',
  'status',
  'tenant_id',
  'target_name',
  'created_by',
  'created_at',
  'finished_at',
  'error.code',
  'error.detail',
];

/** Options of every command that can wait for a saga. */
export const WAITING = {
  '--wait': 'wait until the saga has ended',
  '--timeout <duration>': `how long to wait, ${DEFAULT_TIMEOUT} by default`,
};

/**
 * Follows a saga until it has ended, and returns the exit code. On a screen its steps are drawn again in place; elsewhere each change is a
 * line on standard error. The saga itself is written to standard output at the end.
 */
export async function watchSaga(session: Session, id: string): Promise<number> {
  const { terminal } = session;
  const shape = session.shape(SAGA_FIELDS);
  const deadline = terminal.now() + durationMs(session.text('timeout') ?? DEFAULT_TIMEOUT);
  const draw = terminal.isScreen && shape.format === 'table' ? drawing(session) : reporting(session);
  for (;;) {
    const { data: saga } = await answered(session.client.GET('/api/v1/sagas/{id}', { params: { path: { id } } }));
    draw(saga);
    if (ENDED.includes(saga.status)) {
      await writeObject(terminal, shape, saga);
      return saga.status === 'completed' ? EXIT.ok : EXIT.sagaEnded;
    }
    if (terminal.now() >= deadline) {
      session.say(
        `arcadia: saga ${id} is still ${saga.status} after ${session.text('timeout') ?? DEFAULT_TIMEOUT}; it goes on (timed_out)`,
      );
      return EXIT.timedOut;
    }
    await terminal.pause(PAUSE_MS);
  }
}

/** Waits for the saga when `--wait` was given. A wait that is interrupted prints the id, which was not printed before. */
export async function waitIfAsked(session: Session, id: string): Promise<number> {
  if (!session.has('wait')) return EXIT.ok;
  try {
    return await watchSaga(session, id);
  } catch (error) {
    session.say(`The wait was interrupted. Continue it with: arcadia saga watch ${id}`);
    throw error;
  }
}

function drawing({ terminal }: Session): (saga: Saga) => void {
  let drawn = 0;
  return (saga) => {
    const lines = [`${paint(terminal, 'bold', saga.kind)} ${saga.status}`, ...saga.steps.map((step) => paintedStep(step, terminal))];
    const up = drawn > 0 ? `\x1b[${drawn}A\x1b[0J` : '';
    terminal.err(`${up}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
}

function paintedStep(step: Step, terminal: Session['terminal']): string {
  const [mark, colour] = MARKS[step.status];
  return `  ${paint(terminal, colour, mark)} ${stepText(step)}`;
}

function reporting(session: Session): (saga: Saga) => void {
  const reported = new Map<string, string>();
  const sayNew = (key: string, line: string) => {
    if (reported.get(key) === line) return;
    reported.set(key, line);
    session.say(line);
  };
  return (saga) => {
    for (const step of saga.steps.filter(({ status }) => status !== 'planned')) sayNew(String(step.step_idx), `  ${stepText(step)}`);
    sayNew('saga', `${saga.kind} ${saga.status}`);
  };
}

function stepText({ name, status, error, reason }: Step): string {
  const why = error ? `${error.code}: ${error.detail}` : status === 'waiting' || status === 'skipped' ? reason : null;
  return cellText(`${name} ${status}${why ? ` (${why})` : ''}`);
}
