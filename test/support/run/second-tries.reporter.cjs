/**
 * The maximum number of tests in one run that may need a second try. More are a defect of the suite or of the product, and
 * fail the run.
 */
const MOST_SECOND_TRIES = 2;

/**
 * Lists at the end of the run every test that passed only on its second try (`TEST_RETRIES`), and fails the run when there
 * are more than `MOST_SECOND_TRIES`. It is plain JavaScript because jest loads reporters without its transforms.
 */
module.exports = class SecondTriesReporter {
  constructor(_globalConfig, { print = (text) => process.stderr.write(text) } = {}) {
    this.print = print;
    this.secondTries = [];
  }

  onTestResult(test, { testResults }) {
    for (const { fullName, invocations = 1, status } of testResults) {
      if (invocations > 1 && status === 'passed') this.secondTries.push(`${test.path}: ${fullName} (try ${invocations})`);
    }
  }

  onRunComplete() {
    if (this.secondTries.length === 0) return;
    this.print(`\nPassed only when tried again (${this.secondTries.length}, at most ${MOST_SECOND_TRIES} are allowed):\n`);
    for (const line of this.secondTries) this.print(`  ${line}\n`);
    const error = this.getLastError();
    if (error) this.print(`${error.message}: the run fails\n`);
  }

  /** Jest fails the run when a reporter returns an error. */
  getLastError() {
    if (this.secondTries.length <= MOST_SECOND_TRIES) return undefined;
    return new Error(`${this.secondTries.length} tests needed a second try, ${MOST_SECOND_TRIES} are allowed`);
  }
};
