import { accessSync, constants, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkedEnvironment,
  DataDirLock,
  describeTenants,
  fillDemoBilling,
  FIRST_INVENTORY_LIMIT_MS,
  isPortFree,
  LaunchError,
  makeEnterable,
  mintSummaryTokens,
  orderForApproval,
  planStart,
  prepareDemoTenants,
  refuseDemoInRealDatabase,
  runFile,
  RunningSystem,
  ScriptStoppedError,
  type StartPlan,
  type Summary,
  summaryText,
  Supervisor,
  TerminalOutput,
  waitForFirstInventory,
  writeRunNote,
} from '#libs/local-stack';

/** A killed process counts as dead while its last threads still close its ports. */
const PORT_RELEASE_LIMIT_MS = 5_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes on a signal that the launcher has already got with the whole group of the terminal. Within this time both count as one. */
const ECHO_MS = process.env.npm_lifecycle_event === undefined ? -1 : 300;

/** `npm start`: runs everything on one machine until a signal or a failure ends it. Returns the exit code. */
export async function up(): Promise<number> {
  const plan = planStart(process.env);
  refuseDemoInRealDatabase(process.env, plan);
  prepareDataDir(plan.dataDir);
  const lock = await DataDirLock.acquire(plan.dataDir);
  const output = TerminalOutput.open();
  const supervisor = new Supervisor(
    (line) => output.log(line),
    () => output.childTarget,
  );
  supervisor.on('spawn', (pid, name) => {
    lock.recordChild(pid);
    output.nameProcess(pid, name);
  });
  const system = new RunningSystem(process.env, plan, supervisor, output);
  const cleanUp = () => {
    rmSync(runFile(plan.dataDir), { force: true });
    lock.release();
  };
  const stopRequested = new Promise<void>((resolve) =>
    onStopSignal(resolve, () => {
      system.stopAtOnce();
      cleanUp();
      process.exit(1);
    }),
  );
  try {
    const endedSome = await lock.endLeftovers();
    await refuseTakenPorts(plan, endedSome ? PORT_RELEASE_LIMIT_MS : 0);
    output.progress('checking the configuration');
    const tokens = await mintSummaryTokens(checkedEnvironment(process.env, plan));
    const started = system.boot().then(() => printSummary(system, plan, output, tokens));
    await Promise.race([started.then(() => stopRequested), stopRequested, supervisor.failure]);
    output.log('stopping');
    return 0;
  } finally {
    await system.stop();
    await output.close();
    cleanUp();
  }
}

/** The first signal requests an orderly end, a second one an immediate end. */
function onStopSignal(orderly: () => void, atOnce: () => void): void {
  let firstAt: number | undefined;
  const received = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      orderly();
    } else if (Date.now() - firstAt > ECHO_MS) {
      atOnce();
    }
  };
  for (const name of STOP_SIGNALS) process.on(name, received);
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

async function refuseTakenPorts({ listenHost, apiPort, workerPort, simulator }: StartPlan, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  const wanted: [string, number, string][] = [
    ['PORT', apiPort, listenHost],
    ['WORKER_PORT', workerPort, listenHost],
    ...(simulator ? ([['SIMULATOR_PORT', simulator.port, '127.0.0.1']] as [string, number, string][]) : []),
  ];
  for (const [variable, port, host] of wanted) {
    if (await becomesFree(port, host, deadline)) continue;
    throw new LaunchError('port_in_use', `Port ${port} on ${host} is in use: end what listens there, or set ${variable} to another port`);
  }
}

async function becomesFree(port: number, host: string, deadline: number): Promise<boolean> {
  for (;;) {
    if (await isPortFree(port, host)) return true;
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
}

/** Prints the summary once the demo has data to list, and keeps DATA_DIR/run.json up to date when processes are started again. */
async function printSummary(
  system: RunningSystem,
  plan: StartPlan,
  output: TerminalOutput,
  { admin, tenant }: Awaited<ReturnType<typeof mintSummaryTokens>>,
): Promise<void> {
  const { apiUrl, workerUrl, childEnv } = system;
  if (plan.simulator) output.progress('waiting for the first inventory of the demo account');
  const isListed =
    plan.simulator !== undefined && (await waitForFirstInventory(apiUrl, admin, () => system.isStopping, FIRST_INVENTORY_LIMIT_MS));
  if (system.isStopping) return;
  const isNew = isListed && (await prepareDemoTenants(apiUrl, admin));
  const summary: Summary = {
    console: `${apiUrl}/console#token=${admin}`,
    api: apiUrl,
    docs: `${apiUrl}/api/docs`,
    queues: `${apiUrl}/admin/queues`,
    worker: workerUrl,
    simulator: plan.simulator ? `http://127.0.0.1:${plan.simulator.port}` : 'off',
    admin_token: admin,
    tenant_token: tenant,
    tenants: await describeTenants(apiUrl, admin, plan.simulator !== undefined),
    simulator_token: plan.simulator?.token ?? 'off',
    saved_in: runFile(plan.dataDir),
    next: `run npx arcadia demo in another terminal, or paste the line after curl; ${apiUrl}/docs is the documentation`,
    curl: `curl -s -H "Authorization: Bearer ${admin}" ${apiUrl}/api/v1/inventory`,
  };
  const writeNote = () => writeRunNote(plan.dataDir, { ...summary, database_url: childEnv.DATABASE_URL ?? '', pids: system.pids() });
  writeNote();
  system.onChange(writeNote);
  output.printSummary(summaryText(summary));
  if (plan.simulator) void fillDemo(system, plan, output, admin, isNew);
}

/**
 * Finishes the demo after the summary, which waits for nothing of it: names and limits where the first inventory came late, the order that
 * awaits approval, and the invoices. A failure is logged, and the next start continues.
 */
async function fillDemo(system: RunningSystem, plan: StartPlan, output: TerminalOutput, adminToken: string, isNew: boolean): Promise<void> {
  const startedMs = performance.now();
  const isStopping = () => system.isStopping;
  try {
    const { apiUrl } = system;
    await waitForFirstInventory(apiUrl, adminToken, isStopping, Infinity);
    if (isNew || (await prepareDemoTenants(apiUrl, adminToken))) await orderForApproval(apiUrl, adminToken, isStopping);
    const filled = await fillDemoBilling({ apiUrl, adminToken, months: plan.demoMonths, isStopping });
    if (!filled) return;
    const { months, issued, waiting } = filled;
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    output.log(
      `demo billing is ready after ${seconds} s: ${months} months, ${issued} issued invoices, ${waiting} drafts await your approval`,
    );
  } catch (error) {
    if (error instanceof ScriptStoppedError) return;
    output.log(`demo billing stopped, and the next start goes on: ${(error as Error).message}`);
  }
}
