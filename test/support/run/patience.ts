/**
 * `TEST_RETRIES` is the number of times that a failed test is tried again. It is zero except where a change is merged,
 * because fault tests may meet a loaded machine. Both tries are printed, and `second-tries.reporter.cjs` fails a run in
 * which more than two tests needed a second one.
 */
jest.retryTimes(Number(process.env.TEST_RETRIES ?? 0), { logErrorsBeforeRetry: true });

/**
 * Ends a test or hook that hangs. It judges nothing: how fast something must be is said by the test, as the limit of a condition. A machine that
 * does other work as well stretches every hook that starts processes.
 */
jest.setTimeout(240_000);
