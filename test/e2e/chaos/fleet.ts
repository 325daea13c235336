import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockOffBy } from '../../support/processes/shifted-clock';
import { SpawnedProcess, type AppName } from '../../support/processes/spawned-process';
import { until } from '../../support/until';

const PAGE_KB = 4;
const MEMORY_EVERY_MS = 500;
const READY_WITHIN_MS = 60_000;

/** Samples of the resident memory of a process, in MB. */
interface Memory {
  readonly name: string;
  readonly process: SpawnedProcess;
  readonly samples: number[];
}

/** Workers and an api as they are deployed, with replacements for those that were killed. */
export class Fleet {
  private readonly killed = new Set<SpawnedProcess>();
  private readonly memory: Memory[] = [];
  private readonly sampling = setInterval(() => this.sample(), MEMORY_EVERY_MS);
  readonly workers: SpawnedProcess[] = [];
  private currentApi: SpawnedProcess;

  private constructor(
    private readonly env: { readonly api: NodeJS.ProcessEnv; readonly worker: NodeJS.ProcessEnv },
    private readonly clocksMs: readonly number[],
  ) {}

  /** Starts one worker for each clock offset in ms. A replacement gets the offset of its predecessor. */
  static async start(clocksMs: readonly number[], env: { api: NodeJS.ProcessEnv; worker: NodeJS.ProcessEnv }): Promise<Fleet> {
    const fleet = new Fleet(env, clocksMs);
    fleet.currentApi = await fleet.launch('api');
    for (const nth of clocksMs.keys()) fleet.workers.push(await fleet.launchWorker(nth));
    await fleet.ready();
    return fleet;
  }

  get api(): SpawnedProcess {
    return this.currentApi;
  }

  get all(): SpawnedProcess[] {
    return this.memory.map(({ process }) => process);
  }

  /** Counts workers that detected clock skew, including those that were killed later. */
  get clocksOff(): number {
    return this.all.filter(({ events }) => events.includes('clock_skew_detected')).length;
  }

  async ready(): Promise<void> {
    await Promise.all([this.api, ...this.workers].map((process) => process.ready(READY_WITHIN_MS)));
  }

  async killWorker(nth: number): Promise<void> {
    const worker = this.workers[nth];
    if (!worker) throw new Error(`there is no worker ${nth}`);
    await this.kill(worker);
    this.workers[nth] = await this.launchWorker(nth);
  }

  /** Replaces the only api. The new process listens on the same port before this resolves. */
  async killApi(): Promise<void> {
    const { port } = this.api;
    await this.kill(this.api);
    this.currentApi = await this.launch('api', { PORT: String(port) });
    await until(async () => (await this.api.readiness()) !== undefined, { withinMs: READY_WITHIN_MS, what: 'the next api' });
  }

  /** Returns processes that ended without being killed. The list must be empty. */
  endedByThemselves(): string[] {
    return this.memory
      .filter(({ process }) => !this.killed.has(process) && process.hasEnded)
      .map(
        ({ name, process }) => `${name} ended with ${process.child.exitCode ?? process.child.signalCode}: ${process.output.slice(-500)}`,
      );
  }

  /** Returns for each running process the median resident MB of the second and of the last quarter of its samples. */
  memoryOfSurvivors(): { name: string; earlyMb: number; lateMb: number; seconds: number }[] {
    return this.memory
      .filter(({ process, samples }) => !this.killed.has(process) && samples.length >= 8)
      .map(({ name, samples }) => {
        const quarter = Math.floor(samples.length / 4);
        // The first quarter is the warm-up. Growth after it counts.
        const early = samples.slice(quarter, 2 * quarter);
        const late = samples.slice(-quarter);
        return { name, earlyMb: median(early), lateMb: median(late), seconds: Math.round((samples.length * MEMORY_EVERY_MS) / 1000) };
      });
  }

  /** Resolves with the exit codes. */
  async endInOrder(): Promise<number[]> {
    clearInterval(this.sampling);
    const living = [this.api, ...this.workers];
    for (const process of living) process.child.kill('SIGTERM');
    return Promise.all(living.map((process) => process.exit()));
  }

  /** Writes the output of each process to the folder `CHAOS_OUTPUT`, for the analysis of a failed run. */
  async end(): Promise<void> {
    clearInterval(this.sampling);
    const { CHAOS_OUTPUT: folder } = process.env;
    if (folder) mkdirSync(folder, { recursive: true });
    if (folder) for (const { name, process } of this.memory) writeFileSync(join(folder, `${name}.log`), process.output);
    await Promise.all(this.all.map((process) => process.kill()));
  }

  private async kill(process: SpawnedProcess): Promise<void> {
    this.killed.add(process);
    await process.kill();
    await until(() => process.hasEnded);
  }

  private launchWorker(nth: number): Promise<SpawnedProcess> {
    return this.launch('worker', clockOffBy(this.clocksMs[nth] ?? 0));
  }

  private async launch(app: AppName, more: NodeJS.ProcessEnv = {}): Promise<SpawnedProcess> {
    const process = await SpawnedProcess.start(app, { ...this.env[app], ...more });
    this.memory.push({ name: `${app}-${this.memory.length}`, process, samples: [] });
    return process;
  }

  private sample(): void {
    for (const { process, samples } of this.memory) {
      if (process.hasEnded) continue;
      const mb = residentMb(process.child.pid);
      if (mb > 0) samples.push(mb);
    }
  }
}

/** Returns 0 where the operating system has no /proc. */
function residentMb(pid: number | undefined): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return Math.round((Number(pages) * PAGE_KB) / 1024);
  } catch {
    return 0;
  }
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
}
