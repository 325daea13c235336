/** Nothing is open while the modules load, so a signal during that time simply ends the process. [OPS-6] */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

void import('#processes/worker').then(({ runWorker }) => runWorker());
