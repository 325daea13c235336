import { signGuardianToken } from '#libs/identity';
import type { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { JWT_SECRET } from '../../support/settings';
import { type ChaosWorld } from '../../support/chaos-world';

/** A saga and the status in which it must end, whichever process crashes. */
export interface Planned {
  readonly id: string;
  readonly expected: 'completed' | 'rolled_back';
}

/** A run that a worker has leased. */
export interface Leased {
  readonly id: string;
  readonly epoch: string;
  readonly pid: number;
}

/** Starts sagas, kills workers, and checks the results in the end. */
export class ChaosRun {
  readonly planned: Planned[] = [];

  constructor(
    readonly world: ChaosWorld,
    readonly random: SeededRandom,
    private readonly seed: number,
  ) {}

  /** Starts a saga with random steps and waits. Three in ten sagas fail at their last step and must be compensated. */
  async start(nth: number): Promise<void> {
    const steps = Array.from({ length: 2 + this.random.below(4) }, () => this.random.pick(['echo', 'echo', 'wait']));
    const fails = this.random.chance(0.3);
    if (fails) steps.push('fail');
    const id = await this.accepted(String(nth), steps, 200 + this.random.below(2_000));
    this.planned.push({ id, expected: fails ? 'rolled_back' : 'completed' });
  }

  /** Starts a saga as a client does: with an idempotency key, repeated until the api accepts it. */
  async accepted(name: string, steps: readonly string[], waitMs: number): Promise<string> {
    const headers = {
      authorization: `Bearer ${signGuardianToken(JWT_SECRET, { sub: 'chaos', roles: ['platform_admin'] })}`,
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

  /** Kills a worker that has leased runs and replaces it. Returns how long each of the runs was idle, ms. */
  async kill(name: string): Promise<number[]> {
    const { nth, orphaned } = await this.killInWork(this.random.below(this.world.workers.length), name);
    const killedMs = performance.now();
    this.world.workers[nth] = await this.world.startWorker();
    return orphaned.length > 0 ? this.resumeTimes(orphaned, killedMs) : [];
  }

  /** Kills a worker that has leased runs. If no worker leases one within four seconds, the picked worker is killed. */
  private async killInWork(picked: number, name: string): Promise<{ nth: number; orphaned: Leased[] }> {
    const { world } = this;
    let leased: Leased[] = [];
    let nth = picked;
    await world.whileNothingIsRecorded(async () => {
      this.planned.push({ id: await this.accepted(`provoked-${name}`, ['echo', 'echo', 'echo'], 0), expected: 'completed' });
      const isLeased = async () => {
        leased = await world.query<Leased>(
          `select id, epoch::text, split_part(lease_owner, '/', 2)::int as pid from saga_runs where lease_until > clock_timestamp()`,
        );
        return leased.length > 0;
      };
      await until(isLeased, { withinMs: 4_000 }).catch(() => undefined);
      const owner = world.workers.findIndex(({ child }) => child.pid === leased[0]?.pid);
      if (owner >= 0) nth = owner;
      leased = leased.filter(({ pid }) => pid === world.workers[nth]?.child.pid);
      await world.workers[nth]?.kill();
    });
    return { nth, orphaned: leased };
  }

  /** Measures the time until another worker leases each run, or until the last statement of the dead worker ended it. */
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
      { withinMs: 30_000, what: 'another worker continuing' },
    );
    return [...times.values()];
  }

  async allEnded(): Promise<void> {
    const open = async () =>
      (await this.world.query<{ n: number }>('select count(*)::int as n from saga_runs where wake_at is not null'))[0]?.n;
    await until(async () => (await open()) === 0, { withinMs: 120_000, what: 'the end of all sagas' });
  }

  /** The sagas with another status than the expected one. The list must be empty. */
  async wrongEnds(): Promise<Planned[]> {
    const ended = await this.world.query<{ id: string; status: string }>('select id, status from saga_runs');
    const status = new Map(ended.map((row) => [row.id, row.status]));
    return this.planned.filter(({ id, expected }) => status.get(id) !== expected);
  }

  /** The steps that were recorded as completed, or as compensated, more than once. */
  twice(): Promise<unknown[]> {
    return this.world.query(
      `select saga_id, step_idx, status, count(*)::int from witness where status in ('completed', 'compensated') group by 1, 2, 3 having count(*) > 1`,
    );
  }

  /** The witness rows with an older epoch than a row before them. */
  stale(): Promise<unknown[]> {
    return this.world.query(
      `select * from (select saga_id, epoch, max(epoch) over (partition by saga_id order by at rows between unbounded preceding and 1 preceding) as seen from witness) w where epoch < seen`,
    );
  }
}
