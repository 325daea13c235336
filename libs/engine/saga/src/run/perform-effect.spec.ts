import { DomainError, type WriteFailure } from '#libs/kernel';
import { underWay, type Effect } from '../definition/effect';
import { done, wait, type StepAnswer } from '../definition/step-answer';
import { LeaseLostError } from '../saga.errors';
import { performEffect, type WriteLog } from './perform-effect';

const LAG_MS = 60_000;
const POLL_MS = 5_000;
const WAITING = wait(POLL_MS, 'waiting for the thing to appear');
const LIMIT = { sends: 3, error: { code: 'create_unanswered', detail: '3 creates had no known outcome' } };

/** An error of the outside system. */
class WriteError extends DomainError {
  readonly code = 'write_failed';

  constructor(
    private readonly failure: WriteFailure | undefined,
    readonly category: 'conflict' | 'not_found' = 'conflict',
    override readonly retryAfterMs?: number,
  ) {
    super('The write failed');
  }

  override get writeFailure(): WriteFailure | undefined {
    return this.failure;
  }
}

const unknown = () => new WriteError({ is: 'unknown' });
const refused = (category?: 'not_found') => new WriteError({ is: 'refused' }, category);

type Intent = { readonly sentAtMs: number; readonly create: number; readonly ruledOut: boolean };

/** One step with one create. `things` are visible at the outside system; the calls are recorded in their order. */
class Step {
  readonly calls: string[] = [];
  readonly things: string[] = [];
  nowMs = 0;
  leased = true;
  intent: Readonly<Record<string, unknown>> | null = null;
  /** The outcome of the next send: an error, or undefined for a response. */
  fails: Error | undefined;
  /** Whether refused writes are tried again, as in a compensation. */
  persistent = false;
  /** Whether a send has its effect at once. */
  takesEffect = true;

  run(rest: Partial<Effect<Record<string, unknown>, string, Record<string, unknown>>> = {}): Promise<StepAnswer> {
    const checkLease = () => {
      if (!this.leased) throw new LeaseLostError();
    };
    const now = () => ({ intent: this.intent, sinceBegunMs: this.nowMs });
    const ctx = {
      sagaId: 'saga',
      get intent() {
        return now().intent;
      },
      get sinceBegunMs() {
        return now().sinceBegunMs;
      },
      guard: async () => {
        this.calls.push('guard');
        checkLease();
      },
      recordIntent: async (intent: Readonly<Record<string, unknown>>) => {
        checkLease();
        this.calls.push(`record ${JSON.stringify(intent)}`);
        this.intent = intent;
      },
    };
    const log: WriteLog = {
      send: async (writes) => {
        this.calls.push('log');
        return writes.map(({ object }) => object);
      },
      answer: async (ids) => void this.calls.push(`answer ${ids.join()}`),
      confirm: async (writes) => void this.calls.push(`confirm ${writes.map(({ object }) => object).join()}`),
    };
    const effect: Effect<Record<string, unknown>, string, Record<string, unknown>> = {
      find: async () => {
        this.calls.push('find');
        const [thing] = this.things;
        return thing === undefined ? undefined : done({ id: thing, adopted: true });
      },
      intent: {},
      fields: { sentAtMs: 'sentAtMs', sends: 'create', ruledOut: 'ruledOut' },
      lagMs: LAG_MS,
      sendLimit: LIMIT,
      send: async () => {
        this.calls.push('send');
        if (this.takesEffect) this.things.push('thing');
        if (this.fails) throw this.fails;
        return 'thing';
      },
      pending: WAITING,
      answered: (id) => done({ id }),
      ...rest,
    };
    return performEffect(ctx, 'create thing', effect, log, this.persistent);
  }

  /** The intent of an earlier execution, which the process then did not survive. */
  static after(intent: Intent, nowMs: number): Step {
    return Object.assign(new Step(), { intent, nowMs });
  }

  get sends(): number {
    return this.calls.filter((call) => call === 'send').length;
  }
}

const SENT: Intent = { sentAtMs: 1_000, create: 1, ruledOut: false };

describe('a crash at any position', () => {
  it('before the intent: the next execution sends without looking, because nothing can have been sent [SAG-5]', async () => {
    const step = new Step();
    step.nowMs = 7;
    expect(await step.run()).toEqual(done({ id: 'thing' }));
    expect(step.calls).toEqual(['record {"sentAtMs":7,"create":1,"ruledOut":false}', 'send']);
  });

  it('after the intent, before the send: waits out the lag, looks again, and then sends once more [SAG-5, SAG-19]', async () => {
    const step = Step.after(SENT, 1_001);
    expect(await step.run()).toEqual(WAITING);
    step.nowMs = 1_000 + LAG_MS - 200;
    expect(await step.run()).toEqual(wait(200, WAITING.why));
    expect(step.calls).toEqual(['find', 'find']);
    step.nowMs = 1_000 + LAG_MS;
    expect(await step.run()).toEqual(done({ id: 'thing' }));
    expect(step.calls.slice(2)).toEqual(['find', `record {"sentAtMs":${step.nowMs},"create":2,"ruledOut":false}`, 'send']);
  });

  it('after the send: the next execution adopts the effect and sends nothing [SAG-5]', async () => {
    const step = Step.after(SENT, 1_001);
    step.things.push('made before the crash');
    expect(await step.run()).toEqual(done({ id: 'made before the crash', adopted: true }));
    expect(step.calls).toEqual(['find']);
  });

  it('after a restore from a backup: looks without an intent, and waits for the lag since the step began [SAG-5]', async () => {
    const step = new Step();
    step.nowMs = 2_000;
    expect(await step.run({ unrecorded: 'late' })).toEqual(WAITING);
    step.nowMs = LAG_MS;
    expect(await step.run({ unrecorded: 'late' })).toEqual(done({ id: 'thing' }));
    expect(step.calls.slice(0, 2)).toEqual(['find', 'find']);
    expect(step.sends).toBe(1);
  });
});

describe('a write with an unknown outcome', () => {
  it('records the time again, because the lag counts from its end, and adopts the effect that its lost answer left [SAG-19]', async () => {
    const step = new Step();
    step.fails = unknown();
    expect(await step.run({ send: async () => ((step.nowMs = 30_000), step.things.push('late'), Promise.reject(unknown())) })).toEqual(
      WAITING,
    );
    expect(step.intent).toEqual({ sentAtMs: 30_000, create: 1, ruledOut: false });
    expect(await step.run()).toEqual(done({ id: 'late', adopted: true }));
    expect(step.sends).toBe(0);
  });

  it('finds an effect that becomes visible late within the lag bound [SAG-5]', async () => {
    const step = new Step();
    Object.assign(step, { fails: unknown(), takesEffect: false });
    expect(await step.run()).toEqual(WAITING);
    step.nowMs = LAG_MS - 1;
    expect(await step.run()).toEqual(wait(1, WAITING.why));
    step.things.push('late');
    expect(await step.run()).toEqual(done({ id: 'late', adopted: true }));
    expect(step.sends).toBe(1);
  });

  it('counts its sends, and fails when the last allowed one stays without an effect', async () => {
    const step = new Step();
    Object.assign(step, { fails: unknown(), takesEffect: false });
    for (let create = 1; create <= LIMIT.sends; create += 1) {
      step.nowMs += LAG_MS;
      expect(await step.run()).toEqual(WAITING);
      expect(step.intent).toMatchObject({ create });
    }
    step.nowMs += LAG_MS - 1;
    expect(await step.run()).toMatchObject({ is: 'wait' });
    step.nowMs += 1;
    expect(await step.run()).toEqual({ is: 'fail', error: LIMIT.error, effect: 'unknown' });
    expect(step.sends).toBe(LIMIT.sends);
  });

  it('has its own answer where the step gives one', async () => {
    const step = new Step();
    step.fails = unknown();
    const unanswered = wait(POLL_MS, 'waiting for an unconfirmed create');
    expect(await step.run({ unanswered })).toEqual(unanswered);
  });

  it('records its time only then, for an effect that keeps no time of its sends', async () => {
    const step = new Step();
    Object.assign(step, { fails: unknown(), nowMs: 9 });
    await step.run({ intent: { from: 'a' }, fields: { unansweredAtMs: 'unansweredAtMs' } });
    expect(step.calls).toEqual(['record {"from":"a"}', 'send', 'record {"from":"a","unansweredAtMs":9}']);
  });
});

describe('a write that certainly did not happen', () => {
  it('is recorded as ruled out, does not count as a send, and is sent again without a wait [SAG-19]', async () => {
    const step = new Step();
    Object.assign(step, { fails: new WriteError({ is: 'postponed', why: 'waiting for a slot' }, 'conflict', 250), takesEffect: false });
    expect(await step.run()).toEqual(wait(250, 'waiting for a slot'));
    expect(step.intent).toEqual({ sentAtMs: 0, create: 1, ruledOut: true });
    step.fails = undefined;
    expect(await step.run()).toEqual(done({ id: 'thing' }));
    expect(step.intent).toEqual({ sentAtMs: 0, create: 1, ruledOut: false });
  });

  it('waits for five seconds when the outside system does not ask for a pause', async () => {
    const step = new Step();
    step.fails = new WriteError({ is: 'postponed', why: 'waiting for a slot' });
    expect(await step.run()).toEqual(wait(5_000, 'waiting for a slot'));
  });

  it.each([
    { what: 'the first one', step: new Step(), effect: 'none', intent: { sentAtMs: 0, create: 1, ruledOut: true } },
    { what: 'one after an unanswered one', step: Step.after(SENT, 2 * LAG_MS), effect: 'unknown', intent: SENT },
    {
      what: 'one after a refused one',
      step: Step.after({ ...SENT, ruledOut: true }, 1_001),
      effect: 'none',
      intent: { sentAtMs: 1_001, create: 1, ruledOut: true },
    },
  ])('fails the step when it is refused: $what, with the effect $effect', async ({ step, effect, intent }) => {
    Object.assign(step, { fails: refused(), takesEffect: false });
    expect(await step.run()).toEqual({ is: 'fail', error: { code: 'write_failed', detail: 'The write failed' }, effect });
    expect(step.intent).toEqual(intent);
  });

  it.each([
    { what: 'refused', failure: refused() },
    { what: 'postponed', failure: new WriteError({ is: 'postponed', why: 'waiting for a slot' }, 'conflict', 250) },
  ])(
    'rules out nothing when it repeats a send without an answer and is $what: the first may still appear [SAG-5, SAG-9]',
    async ({ failure }) => {
      const step = Step.after(SENT, 2 * LAG_MS);
      Object.assign(step, { fails: failure, takesEffect: false });
      await step.run();
      expect(step.intent).toEqual(SENT); // the lag counts from the first send, and the repetition is no send
      step.things.push('the first one');
      expect(await step.run()).toEqual(done({ id: 'the first one', adopted: true }));
      expect(step.sends).toBe(1);
    },
  );

  it('rules out nothing when it follows a send that a restore has removed from the ledger [SAG-5]', async () => {
    const step = new Step();
    Object.assign(step, { fails: refused(), takesEffect: false, nowMs: LAG_MS });
    expect(await step.run({ unrecorded: 'late' })).toMatchObject({ is: 'fail', effect: 'unknown' });
    expect(step.intent).toEqual({ sentAtMs: 0, create: 0, ruledOut: false });
  });

  it('may have another answer of the step, such as a 404 that means success', async () => {
    const step = new Step();
    step.fails = refused('not_found');
    const answer = await step.run({ refused: ({ category }) => (category === 'not_found' ? done({ already_gone: true }) : undefined) });
    expect(answer).toEqual(done({ already_gone: true }));
  });
});

describe('the lease', () => {
  it('is checked by the record of the intent: a worker without it sends nothing [SAG-3]', async () => {
    const step = new Step();
    step.leased = false;
    await expect(step.run()).rejects.toBeInstanceOf(LeaseLostError);
    expect({ sends: step.sends, intent: step.intent }).toEqual({ sends: 0, intent: null });
  });

  it('is checked before the send of an effect that records no intent, which is looked for first [SAG-3]', async () => {
    const step = new Step();
    step.leased = false;
    await expect(step.run({ intent: undefined })).rejects.toBeInstanceOf(LeaseLostError);
    expect(step.calls).toEqual(['find', 'guard']);
  });
});

it('moves the time of an effect that is still under way, because its lag begins when it ends', async () => {
  const step = Step.after(SENT, 500_000);
  const answer = await step.run({ find: async () => underWay('waiting for the running action to end') });
  expect(answer).toEqual(wait(POLL_MS, 'waiting for the running action to end'));
  expect(step.calls).toEqual(['record {"sentAtMs":500000,"create":1,"ruledOut":false}']);
});

it('looks before the first send for an effect that others may cause', async () => {
  const step = new Step();
  step.things.push("another's");
  expect(await step.run({ unrecorded: 'visible' })).toEqual(done({ id: "another's", adopted: true }));
  expect(step.calls).toEqual(['find']);
});

it('gives the answer of the last check in place of a send', async () => {
  const step = new Step();
  expect(await step.run({ instead: () => wait(POLL_MS, 'waiting for another action') })).toMatchObject({
    why: 'waiting for another action',
  });
  expect(step.calls).toEqual([]);
});

it('waits until the effect is found when a response alone proves nothing', async () => {
  const step = new Step();
  expect(await step.run({ answered: undefined })).toEqual(WAITING);
  expect(await step.run()).toEqual(done({ id: 'thing', adopted: true }));
});

it('passes on an error that concerns no write, and keeps the intent, because the write may have been sent', async () => {
  const step = new Step();
  step.fails = new WriteError(undefined);
  await expect(step.run()).rejects.toBe(step.fails);
  expect(step.intent).toEqual({ sentAtMs: 0, create: 1, ruledOut: false });
});

describe('the record of unanswered writes (E2)', () => {
  const writes = () => [{ target: 'thing:1', object: '1', sets: { on: true }, before: { on: false } }];

  it('names a write before it is sent, and removes it with its answer [SAG-9]', async () => {
    const step = new Step();
    await step.run({ writes });
    expect(step.calls.slice(-3)).toEqual(['log', 'send', 'answer 1']);
  });

  it('keeps a write without an answer, and a write after which its worker died [SAG-9]', async () => {
    const step = new Step();
    step.fails = unknown();
    await step.run({ writes });
    expect(step.calls).not.toContain('answer 1');
    const crashed = new Step();
    crashed.fails = new LeaseLostError();
    await expect(crashed.run({ writes })).rejects.toThrow(LeaseLostError);
    expect(crashed.calls).not.toContain('answer 1');
  });

  it('removes a refused write, because it did not happen [SAG-9]', async () => {
    const step = new Step();
    step.fails = refused();
    await step.run({ writes });
    expect(step.calls).toContain('answer 1');
  });

  it('names the values that were found as wanted, so that an older write that changes them is noticed [SAG-9]', async () => {
    const step = Step.after(SENT, 2_000);
    step.things.push('thing');
    await step.run({ writes });
    expect(step.calls).toEqual(['find', 'confirm 1']);
  });
});

it('tries a refused write of a compensation or a pivot again, whatever the words of the refusal (A4) [SAG-10]', async () => {
  const step = Object.assign(new Step(), { persistent: true, takesEffect: false, fails: refused() });
  expect(await step.run()).toMatchObject({ is: 'retry', effect: 'none' });
  step.fails = refused('not_found');
  expect(await step.run()).toMatchObject({ is: 'fail' });
});
