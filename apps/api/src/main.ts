/** Loading takes a moment and owns no resource yet, so a signal during it ends the process at once. [OPS-6] */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

void import('#processes/api').then(({ runApi }) => runApi());
