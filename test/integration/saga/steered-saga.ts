import { done, fail, retry, wait, type SagaDefinition, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { IsString } from 'class-validator';
import type { Pool } from 'pg';

export const STEERED = 'steered';
/** The third step is the pivot. */
export const STEPS = ['first', 'second', 'third', 'fourth'] as const;
const PIVOT = 2;
const LONG_MS = 3_600_000;

/** What happens to the saga at a step while its gate is closed. `lost`: the effect happened, and its answer did not arrive. */
export type How = 'held' | 'backoff' | 'waiting' | 'lost' | 'fails';

export interface Steering extends Record<string, unknown> {
  /** Index of the step. */
  readonly at: number;
  readonly how: How;
  /** The saga fails before its pivot and is undone; the compensation of the step is what happens to. */
  readonly undo?: true;
}

/** Tables that play the outside world. */
export const WORLD_TABLES = `
  create table effects (saga_id uuid not null, step text not null, undone boolean not null default false);
  create table gates (saga_id uuid primary key);
  create table begun (saga_id uuid not null, step text not null, undoing boolean not null, at timestamptz not null default clock_timestamp());
  grant all on effects, gates, begun to arcadia_service, public;`;

class SteeredOutput {
  @IsString()
  readonly by: string;
}

type Ctx = StepContext<Steering>;

/** A saga whose steps have countable effects, and which stops where its input says until its gate opens. */
export function steeredSaga(outside: Pool): SagaDefinition {
  const isOpen = async (id: string) => ((await outside.query('select 1 from gates where saga_id = $1', [id])).rowCount ?? 0) > 0;
  const begin = (id: string, step: string, undoing: boolean) =>
    outside.query('insert into begun (saga_id, step, undoing) values ($1, $2, $3)', [id, step, undoing]);
  const isThere = async (id: string, step: string) =>
    ((await outside.query('select 1 from effects where saga_id = $1 and step = $2 and not undone', [id, step])).rowCount ?? 0) > 0;
  const send = async (id: string, step: string) =>
    void (await outside.query('insert into effects (saga_id, step) values ($1, $2)', [id, step]));

  async function stopped(ctx: Ctx, step: string): Promise<StepAnswer<never> | undefined> {
    const { how } = ctx.input;
    const error = { code: 'not_yet', detail: 'The gate is closed' };
    if (how === 'held') {
      while (!(await isOpen(ctx.sagaId))) {
        if (ctx.signal.aborted) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return undefined;
    }
    if (await isOpen(ctx.sagaId)) return undefined;
    if (how === 'waiting') return wait(LONG_MS, `waiting for the gate of ${step}`);
    if (how === 'fails') return fail(error, 'unknown');
    if (how === 'lost') {
      await ctx.recordIntent({ sentAtMs: 0 });
      if (!(await isThere(ctx.sagaId, step))) await send(ctx.sagaId, step);
    }
    return retry(error, LONG_MS);
  }

  const steps = STEPS.map((name, idx): StepDefinition<Steering> => ({
    name,
    ...(idx === PIVOT && { pivot: true as const }),
    ...(idx !== PIVOT && { skippable: 'freely' as const }),
    outputSchema: SteeredOutput,
    policy: { timeLimitMs: 600_000, waitLimitMs: 2 * LONG_MS },
    execute: async (ctx) => {
      await begin(ctx.sagaId, name, false);
      const { at, undo } = ctx.input;
      const instead = idx === at && !undo ? await stopped(ctx, name) : undefined;
      if (instead) return instead;
      if (undo && idx === PIVOT) return fail({ code: 'refused', detail: 'No.' }, 'none');
      return ctx.effect(name, {
        find: async () => ((await isThere(ctx.sagaId, name)) ? done({ by: name }) : undefined),
        intent: {},
        fields: { sentAtMs: 'sentAtMs' },
        send: () => send(ctx.sagaId, name),
        answered: () => done({ by: name }),
        pending: wait(10, `waiting for ${name}`),
      });
    },
    ...(idx < PIVOT && {
      compensate: async (ctx: Ctx) => {
        await begin(ctx.sagaId, name, true);
        const instead = idx === ctx.input.at && ctx.input.undo ? await stopped(ctx, name) : undefined;
        if (instead) return instead;
        await ctx.guard();
        await outside.query('update effects set undone = true where saga_id = $1 and step = $2', [ctx.sagaId, name]);
        return done();
      },
    }),
    checkOutput: async ({ sagaId }, output) =>
      (await isThere(sagaId, name)) ? done(output) : fail({ code: 'not_there', detail: 'There is no such effect' }),
  }));
  const definition: SagaDefinition<Steering> = {
    kind: STEERED,
    input: class {},
    plan: () => STEPS,
    steps,
    holds: (input) => (typeof input['hold'] === 'string' ? [input['hold']] : []),
  };
  return definition as unknown as SagaDefinition;
}
