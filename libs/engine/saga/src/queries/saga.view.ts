import type { StepError } from '../definition/step-answer';
import type { Leftover } from '../run/saga-run';
import type { SagaStatus, StepStatus } from '../saga.states';

/** A step as the API returns it. A `planned` step has no ledger line yet. */
export interface SagaStepView {
  readonly step_idx: number;
  readonly name: string;
  readonly status: StepStatus | 'planned';
  readonly attempts: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly output: Record<string, unknown> | null;
  readonly error: StepError | null;
}

/** A saga as the API returns it, with its whole ledger. */
export interface SagaView {
  readonly id: string;
  readonly kind: string;
  readonly status: SagaStatus;
  readonly input: Record<string, unknown>;
  readonly context: Record<string, unknown>;
  readonly error: (StepError & { readonly step: string | null }) | null;
  readonly leftovers: readonly Leftover[];
  readonly cancel_requested: boolean;
  readonly current_step_idx: number;
  readonly tenant_id: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly steps: readonly SagaStepView[];
}

export interface SagaRow extends Omit<SagaView, 'steps' | 'created_at' | 'finished_at'> {
  readonly steps: readonly string[];
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly leased: boolean;
  /** Times in PostgreSQL's JSON format. */
  readonly ledger: readonly (Omit<SagaStepView, 'status'> & { readonly status: StepStatus })[];
}

/** The columns of a `SagaRow`, read from a run `r`. */
export const SAGA_COLUMNS = `r.id, r.kind, r.status, r.input, r.context, r.error, r.leftovers, r.cancel_requested, r.step_idx as current_step_idx,
  r.tenant_id, r.created_by, r.created_at, r.finished_at, r.steps, coalesce(r.lease_until > clock_timestamp(), false) as leased,
  coalesce((select json_agg(json_build_object('step_idx', s.step_idx, 'name', s.name, 'status', s.status, 'attempts', s.attempts,
      'started_at', s.started_at, 'finished_at', s.finished_at, 'output', s.output, 'error', s.error) order by s.step_idx)
     from saga_steps s where s.saga_id = r.id), '[]') as ledger`;

/** `redacted`: fields of the input that the view omits. */
export function sagaView({ steps, ledger, leased, created_at, finished_at, ...run }: SagaRow, redacted: readonly string[] = []): SagaView {
  const isRunning = (idx: number) => leased && run.status === 'running' && idx === run.current_step_idx;
  return {
    ...run,
    input: Object.fromEntries(Object.entries(run.input).filter(([field]) => !redacted.includes(field))),
    created_at: created_at.toISOString(),
    finished_at: finished_at?.toISOString() ?? null,
    steps: steps.map((name, step_idx): SagaStepView => {
      const line = ledger.find((known) => known.step_idx === step_idx);
      if (!line) {
        const status = isRunning(step_idx) ? 'running' : 'planned';
        return { step_idx, name, status, attempts: 0, started_at: null, finished_at: null, output: null, error: null };
      }
      return { ...line, started_at: asTime(line.started_at), finished_at: asTime(line.finished_at) };
    }),
  };
}

const asTime = (text: string | null): string | null => text && new Date(text).toISOString();
