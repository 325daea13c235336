import { setTimeout as sleep } from 'node:timers/promises';
import { signGuardianToken } from '#libs/identity';
import type { SeededRandom } from '../inventory/seeded-random';
import { until } from '../setup/until';
import { SECRET, type ChaosWorld } from './chaos-world';

/** A saga and the end that it must come to, whatever dies. */
export interface Planned {
  readonly id: string;
  readonly expected: 'completed' | 'rolled_back';
}

/** A run in the hands of a worker. */
export interface Leased {
  readonly id: string;
  readonly epoch: string;
  readonly pid: number;
}

/** What a chaos test does to a world of sagas, and what it asks of it in the end. */
export class ChaosRun {
  readonly planned: Planned[] = [];

  constructor(
    readonly world: ChaosWorld,
    readonly random: SeededRandom,
    private readonly seed: number,
  ) {}

  /** Steps and waits by chance; three in ten fail at their end and must be undone. */
  async start(nth: number): Promise<void> {
    const steps = Array.from({ length: 2 + this.random.below(4) }, () => this.random.pick(['echo', 'echo', 'wait']));
    const fails = this.random.chance(0.3);
    if (fails) steps.push('fail');
    const id = await this.accepted(String(nth), steps, 200 + this.random.below(2_000));
    this.planned.push({ id, expected: fails ? 'rolled_back' : 'completed' });
  }

  /** As a client would: with a key, again and again until there is an answer. */
  async accepted(name: string, steps: readonly string[], waitMs: number): Promise<string> {
    const headers = {
      authorization: `Bearer ${signGuardianToken(SECRET, { sub: 'chaos', roles: ['platform_admin'] })}`,
      'content-type': 'application/json',
      'idempotency-key': `chaos-${this.seed}-${name}`,
    };
    const body = JSON.stringify({ kind: 'demo', input: { steps, wait_ms: waitMs } });
    let id: string | undefined;
    await until(
      async () => {
        const request = { method: 'POST', headers, body, signal: AbortSignal.timeout(5_000) };
        const answer = await fetch(`${this.world.api.url}/api/v1/sagas`, request).catch(() => undefined);
        if (answer?.status === 202) id = ((await answer.json()) as { data: { id: string } }).data.id;
        return id !== undefined;
      },
      { withinMs: 60_000, what: 'the api accepting a saga' },
    );
    return id ?? '';
  }

  /** Kills a worker that has runs in hand (one is started for that) and puts another in its place; answers how long its runs lay idle, ms. */
  async kill(name: string): Promise<number[]> {
    const { nth, orphaned } = await this.killInWork(this.random.below(this.world.workers.length), name);
    const killedMs = performance.now();
    this.world.workers[nth] = await this.world.startWorker();
    return orphaned.length > 0 ? this.resumeTimes(orphaned, killedMs) : [];
  }

  /** Kills a worker that has runs in hand; when none has any within a while, the one that was picked. */
  private async killInWork(picked: number, name: string): Promise<{ nth: number; orphaned: Leased[] }> {
    const { world } = this;
    let leased: Leased[] = [];
    let nth = picked;
    await world.whileNothingIsRecorded(async () => {
      this.planned.push({ id: await this.accepted(`provoked-${name}`, ['echo', 'echo', 'echo'], 0), expected: 'completed' });
      const untilMs = performance.now() + 4_000;
      while (leased.length === 0 && performance.now() < untilMs) {
        leased = await world.query<Leased>(
          `select id, epoch::text, split_part(lease_owner, '/', 2)::int as pid from saga_runs where lease_until > clock_timestamp()`,
        );
        await sleep(20);
      }
      const owner = world.workers.findIndex(({ child }) => child.pid === leased[0]?.pid);
      if (owner >= 0) nth = owner;
      leased = leased.filter(({ pid }) => pid === world.workers[nth]?.child.pid);
      await world.workers[nth]?.kill();
    });
    return { nth, orphaned: leased };
  }

  /** Until another claim, or the end that the last statement of the dead one still brought. */
  private async resumeTimes(orphaned: readonly Leased[], killedMs: number): Promise<number[]> {
    const times = new Map<string, number>();
    await until(
      async () => {
        const rows = await this.world.query<{ id: string; epoch: string; over: boolean }>(
          'select id, epoch::text, wake_at is null or lease_until is null as over from saga_runs where id = any ($1::uuid[])',
          [orphaned.map(({ id }) => id)],
        );
        for (const { id, epoch, over } of rows) {
          const before = orphaned.find((run) => run.id === id);
          if (!times.has(id) && before && (over || epoch !== before.epoch)) times.set(id, performance.now() - killedMs);
        }
        return times.size === orphaned.length;
      },
      { withinMs: 30_000, what: 'another worker going on' },
    );
    return [...times.values()];
  }

  async allEnded(): Promise<void> {
    const open = async () =>
      (await this.world.query<{ n: number }>('select count(*)::int as n from saga_runs where wake_at is not null'))[0]?.n;
    await until(async () => (await open()) === 0, { withinMs: 120_000, what: 'the end of all sagas' });
  }

  /** What did not come to its end: must be empty. */
  async wrongEnds(): Promise<Planned[]> {
    const ended = await this.world.query<{ id: string; status: string }>('select id, status from saga_runs');
    const status = new Map(ended.map((row) => [row.id, row.status]));
    return this.planned.filter(({ id, expected }) => status.get(id) !== expected);
  }

  /** Steps that were recorded as completed, or undone, more than once. */
  twice(): Promise<unknown[]> {
    return this.world.query(
      `select saga_id, step_idx, status, count(*)::int from witness where status in ('completed', 'compensated') group by 1, 2, 3 having count(*) > 1`,
    );
  }

  /** Lines written under an older epoch than one before them. */
  stale(): Promise<unknown[]> {
    return this.world.query(
      `select * from (select saga_id, epoch, max(epoch) over (partition by saga_id order by at rows between unbounded preceding and 1 preceding) as seen from witness) w where epoch < seen`,
    );
  }
}
