/**
 * `TEST_RETRIES` (set where a change lands, zero elsewhere) is how often a failed test is tried again. Fault tests meet a loaded machine. Both tries
 * are printed, and `second-tries.reporter.cjs` fails a run in which more than two tests needed a second one.
 */
jest.retryTimes(Number(process.env.TEST_RETRIES ?? 0), { logErrorsBeforeRetry: true });
