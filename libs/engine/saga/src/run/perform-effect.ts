import { DomainError } from '#libs/kernel';
import { inSpan } from '#libs/observability';
import type { Effect, TrackedWrite } from '../definition/effect';
import type { StepContext } from '../definition/saga-definition';
import { fail, retry, wait, type Fields, type StepAnswer, type StepError } from '../definition/step-answer';

/** Pause before a postponed write is sent again, used when the error has no `retryAfterMs`. */
const POSTPONED_MS = 5_000;

type Ctx = Pick<StepContext, 'sagaId' | 'intent' | 'sinceBegunMs' | 'guard' | 'recordIntent'>;

/** Records which writes of a step have no answer. */
export interface WriteLog {
  /** Records the writes and checks the lease. Returns their ids. */
  send(writes: readonly TrackedWrite[]): Promise<readonly string[]>;
  answer(ids: readonly string[]): Promise<void>;
  confirm(writes: readonly TrackedWrite[]): Promise<void>;
}

/** The sends that came before this execution. */
interface Sent {
  /** Whether a send may have happened that was not ruled out. */
  readonly open: boolean;
  /** When the last open send was made, ms since the step began; -Infinity when that is not recorded. */
  readonly atMs: number;
  readonly sends: number;
}

interface Sending {
  /** What the intent keeps of an earlier send with an unknown outcome; undefined when there is none. */
  readonly open: Fields | undefined;
  readonly nth: number;
  readonly log: WriteLog;
  readonly persistent: boolean;
}

/**
 * Causes one effect. The outcome of a write is known only by the `writeFailure` of its error. `persistent`: a refused write is tried again
 * within the limits of its step, because the provider refuses for reasons that pass and states them in changing words. [SAG-5, SAG-10, SAG-19]
 */
export async function performEffect<Response>(
  ctx: Ctx,
  what: string,
  effect: Effect<Fields, Response, Fields>,
  log: WriteLog,
  persistent = false,
): Promise<StepAnswer> {
  const { fields = {}, lagMs = 0, pending, sendLimit } = effect;
  const confirmed = async (answer: StepAnswer): Promise<StepAnswer> => {
    const writes = answer.is === 'done' ? (effect.writes?.() ?? []) : [];
    if (writes.length > 0) await log.confirm(writes);
    return answer;
  };
  const before = effect.intent ? ctx.intent : null;
  if (before || effect.unrecorded || !effect.intent) {
    const found = await effect.find();
    if (found?.is === 'under_way') {
      if (before && fields.sentAtMs) await ctx.recordIntent({ ...ctx.intent, [fields.sentAtMs]: ctx.sinceBegunMs });
      return wait(pending.ms, found.why);
    }
    if (found) return confirmed(found);
  }
  const { open, atMs, sends } = sentBefore(before, effect);
  const leftMs = open ? atMs + lagMs - ctx.sinceBegunMs : 0;
  if (leftMs > 0) return { ...pending, ms: Math.min(leftMs, pending.ms) };
  if (open && sendLimit && sends >= sendLimit.sends) return fail(sendLimit.error);
  const instead = await effect.instead?.();
  if (instead) return confirmed(instead);
  return send(ctx, what, effect, {
    open: open ? openSend(before, atMs, sends, effect) : undefined,
    nth: before && !open ? sends : sends + 1,
    log,
    persistent,
  });
}

function sentBefore(before: Fields | null, { fields = {}, unrecorded }: Effect<Fields, unknown, Fields>): Sent {
  if (!before) return { open: unrecorded === 'late', atMs: 0, sends: 0 };
  const atMs = fields.sentAtMs === undefined ? -Infinity : before[fields.sentAtMs];
  const sends = Number(before[fields.sends ?? ''] ?? 0);
  const ruledOut = before[fields.ruledOut ?? ''] === true;
  return typeof atMs === 'number' && !ruledOut ? { open: true, atMs, sends } : { open: false, atMs: -Infinity, sends };
}

/** What the intent keeps of an open send after its repetition was refused: as before the repetition, because only that certainly did not happen. */
function openSend(before: Fields | null, atMs: number, count: number, { fields = {} }: Effect<Fields, unknown, Fields>): Fields {
  const { sentAtMs, unansweredAtMs, sends, ruledOut } = fields;
  const unansweredSince = before?.[unansweredAtMs ?? ''];
  return {
    ...(sentAtMs !== undefined && { [sentAtMs]: atMs }),
    ...(unansweredAtMs !== undefined && unansweredSince !== undefined && { [unansweredAtMs]: unansweredSince }),
    ...(sends !== undefined && { [sends]: count }),
    ...(ruledOut !== undefined && { [ruledOut]: false }),
  };
}

async function send<Response>(
  ctx: Ctx,
  what: string,
  effect: Effect<Fields, Response, Fields>,
  { open, nth, log, persistent }: Sending,
): Promise<StepAnswer> {
  const { fields = {}, pending, unanswered } = effect;
  const writes = effect.writes?.() ?? [];
  const { sentAtMs, unansweredAtMs, sends, ruledOut } = fields;
  const intent: Fields = {
    ...effect.intent,
    ...(sentAtMs !== undefined && { [sentAtMs]: ctx.sinceBegunMs }),
    ...(sends !== undefined && { [sends]: nth }),
    ...(ruledOut !== undefined && { [ruledOut]: false }),
  };
  await (effect.intent ? ctx.recordIntent(intent) : ctx.guard());
  const sent = writes.length > 0 ? await log.send(writes) : [];
  const answered = async () => {
    if (sent.length > 0) await log.answer(sent);
  };
  let response: Response;
  try {
    response = await inSpan({ name: `effect ${what}`, kind: 'internal', attributes: { saga_id: ctx.sagaId } }, () => effect.send());
  } catch (error) {
    const failure = error instanceof DomainError ? error.writeFailure : undefined;
    if (!(error instanceof DomainError) || !failure) throw error;
    if (failure.is === 'unknown') {
      const timeField = sentAtMs ?? unansweredAtMs; // the lag counts from the end of the unanswered write
      if (effect.intent && timeField !== undefined) await ctx.recordIntent({ ...intent, [timeField]: ctx.sinceBegunMs });
      return unanswered ?? pending;
    }
    await answered();
    if (ruledOut !== undefined) await ctx.recordIntent({ ...intent, ...(open ?? { [ruledOut]: true }) });
    return (
      (await effect.refused?.(error)) ??
      (failure.is === 'postponed' ? postponed(error, failure.why) : refusal(error, open !== undefined, persistent))
    );
  }
  await answered();
  return effect.answered ? effect.answered(response, intent) : pending;
}

function postponed({ retryAfterMs, reportedWhileWaiting, code }: DomainError, why: string): StepAnswer {
  return wait(retryAfterMs ?? POSTPONED_MS, why, reportedWhileWaiting ? code : undefined);
}

/** A refused write had no effect, but an earlier one may have had. A missing permission and a missing object do not come by waiting. */
function refusal({ code, category, message: detail }: DomainError, open: boolean, persistent: boolean): StepAnswer {
  const error: StepError = { code, detail };
  const effect = open ? 'unknown' : 'none';
  return persistent && category === 'conflict' ? retry(error, undefined, effect) : fail(error, effect);
}
