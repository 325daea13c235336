/** Loading takes a moment and holds nothing yet: a signal in the middle of it simply ends the process (OPS-6). */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

async function main(): Promise<void> {
  const [{ runProcess }, { apiProcess }] = await Promise.all([import('#libs/runtime'), import('./api-process.js')]);
  await runProcess(apiProcess, process.env);
}

void main();
