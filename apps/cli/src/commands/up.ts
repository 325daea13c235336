import { setTimeout as sleep } from 'node:timers/promises';
import { accessSync, constants, rmSync } from 'node:fs';
import {
  DataDirLock,
  isPortFree,
  LaunchError,
  makeEnterable,
  mintSummaryTokens,
  onStopSignal,
  planStart,
  refuseDemoInRealDatabase,
  runFile,
  RunningSystem,
  type StartPlan,
  type Summary,
  summaryText,
  Supervisor,
  waitForFirstInventory,
  writeRunNote,
} from '#libs/local-stack';

/** A process that was just killed counts as dead while its last threads still close what it held. */
const CLOSING_MS = 5_000;

const say = (line: string): void => void process.stderr.write(`arcadia: ${line}\n`);

/** `npm start`: everything on one machine, until a signal or a failure ends it. Answers the exit code. */
export async function up(): Promise<number> {
  const plan = planStart(process.env);
  refuseDemoInRealDatabase(process.env, plan);
  prepareDataDir(plan.dataDir);
  const lock = await DataDirLock.take(plan.dataDir);
  const supervisor = new Supervisor(say);
  supervisor.on('spawn', (pid) => lock.noteChild(pid));
  const system = new RunningSystem(process.env, plan, supervisor, say);
  const leave = () => {
    rmSync(runFile(plan.dataDir), { force: true });
    lock.release();
  };
  const asked = new Promise<void>((resolve) =>
    onStopSignal(resolve, () => {
      system.stopAtOnce();
      leave();
      process.exit(1);
    }),
  );
  try {
    const endedSome = await lock.endLeftovers();
    await refuseTakenPorts(plan, endedSome ? CLOSING_MS : 0);
    const started = system.boot().then(() => announce(system, plan));
    await Promise.race([started.then(() => asked), asked, supervisor.failure]);
    say('stopping');
    return 0;
  } finally {
    await system.stop();
    leave();
  }
}

function prepareDataDir(dataDir: string): void {
  try {
    makeEnterable(dataDir);
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LaunchError('data_dir_unusable', `DATA_DIR ${dataDir} cannot be written to (${code}): set it to a folder of your own`);
  }
}

async function refuseTakenPorts({ listenHost, apiPort, workerPort, simulator }: StartPlan, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  const wanted: [string, number, string][] = [
    ['PORT', apiPort, listenHost],
    ['WORKER_PORT', workerPort, listenHost],
    ...(simulator ? ([['SIMULATOR_PORT', simulator.port, '127.0.0.1']] as [string, number, string][]) : []),
  ];
  for (const [variable, port, host] of wanted) {
    if (await isFreeBy(deadline, port, host)) continue;
    throw new LaunchError('port_in_use', `Port ${port} on ${host} is in use: end what listens there, or set ${variable} to another port`);
  }
}

async function isFreeBy(deadline: number, port: number, host: string): Promise<boolean> {
  for (;;) {
    if (await isPortFree(port, host)) return true;
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
}

/** Prints the summary once the demo has something to show, and keeps DATA_DIR/run.json true when processes are started again. */
async function announce(system: RunningSystem, plan: StartPlan): Promise<void> {
  const { apiUrl, workerUrl, childEnv } = system;
  const { admin, tenant } = await mintSummaryTokens(childEnv);
  if (plan.simulator) await waitForFirstInventory(apiUrl, admin, () => system.isStopping);
  if (system.isStopping) return;
  const summary: Summary = {
    api: apiUrl,
    docs: `${apiUrl}/api/docs`,
    queues: `${apiUrl}/admin/queues`,
    worker: workerUrl,
    simulator: plan.simulator ? `http://127.0.0.1:${plan.simulator.port}` : 'off',
    admin_token: admin,
    tenant_token: tenant,
    curl: `curl -s -H "Authorization: Bearer ${admin}" ${apiUrl}/api/v1/inventory`,
  };
  const note = () => writeRunNote(plan.dataDir, { ...summary, database_url: childEnv.DATABASE_URL ?? '', pids: system.pids() });
  note();
  system.onChange(note);
  process.stdout.write(summaryText(summary));
}
