'use strict';
const { default: Sequencer } = require('@jest/test-sequencer');

/** The files that take more than a minute, the longest first. */
const LONGEST = ['e2e/console/', 'e2e/chaos/chaos', 'e2e/start/start', 'e2e/processes/clocks', 'e2e/start/npm-signals'];
/** So many other files between two that start processes: about half of what runs at a time then waits for processes. */
const BETWEEN = 5;

const rank = ({ path }) => {
  const place = LONGEST.findIndex((part) => path.includes(part));
  return place < 0 ? LONGEST.length : place;
};

/** Spreads the files that start processes over the run, the longest first, so that they neither crowd nor are left for its end. */
module.exports = class SlowFirstSequencer extends Sequencer {
  sort(tests) {
    const bySize = super.sort(tests);
    const slow = bySize.filter(({ path }) => path.includes('/test/e2e/')).sort((a, b) => rank(a) - rank(b));
    const others = bySize.filter(({ path }) => !path.includes('/test/e2e/'));
    const sorted = slow.flatMap((test, n) => [test, ...others.slice(n * BETWEEN, (n + 1) * BETWEEN)]);
    return [...sorted, ...others.slice(slow.length * BETWEEN)];
  }
};
