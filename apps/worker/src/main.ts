/** Nothing is open while the modules load, so a signal during that time simply ends the process. [OPS-6] */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

async function main(): Promise<void> {
  const [{ runProcess }, { workerProcess }] = await Promise.all([import('#libs/runtime'), import('./worker-process.js')]);
  await runProcess(workerProcess, process.env);
}

void main();
