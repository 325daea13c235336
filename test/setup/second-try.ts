/**
 * `TEST_RETRIES` (set where a change lands, zero elsewhere): how often a failed test is tried again. Fault tests meet a machine that others load;
 * what failed first is printed all the same, and is a defect to mend.
 */
jest.retryTimes(Number(process.env.TEST_RETRIES ?? 0), { logErrorsBeforeRetry: true });
