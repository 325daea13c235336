import type * as ApiProcess from '#processes/api';

/** Loading takes a moment and owns no resource yet, so a signal during it ends the process at once. [OPS-6] */
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

// Not `import()`, for which Node reads the whole file twice more to find out what it exports.
const { runApi } = require('#processes/api') as typeof ApiProcess; // eslint-disable-line @typescript-eslint/no-require-imports
setImmediate(() => void runApi()); // after the signals that arrived meanwhile
