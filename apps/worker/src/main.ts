import type * as WorkerProcess from '#processes/worker';

/** Nothing is open while the modules load, so a signal during that time simply ends the process. [OPS-6] */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

// Not `import()`, for which Node reads the whole file twice more to find out what it exports.
const { runWorker } = require('#processes/worker') as typeof WorkerProcess; // eslint-disable-line @typescript-eslint/no-require-imports
setImmediate(() => void runWorker()); // after the signals that arrived meanwhile
