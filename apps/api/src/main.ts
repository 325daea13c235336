/** Loading takes a moment and owns no resource yet, so a signal during it ends the process at once. [OPS-6] */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

async function main(): Promise<void> {
  const [{ runProcess }, { apiProcess }] = await Promise.all([import('#libs/runtime'), import('./api-process.js')]);
  await runProcess(apiProcess, process.env);
}

void main();
