import { accessibility } from './accessibility';
import { ConsoleWorld, describeInBrowser, type Stack, type WatchedPage } from './console-world';
import { estateJobs } from './estate-jobs';
import { moneyJobs } from './money-jobs';
import { operatorJobs } from './operator-jobs';
import { laterQuestionJobs, questionJobs } from './question-jobs';
import { shellJobs } from './shell-jobs';
import { steeringJobs } from './steering-jobs';
import { stepJobs } from './step-jobs';
import { webhookJobs } from './webhook-jobs';

let world: ConsoleWorld;
const opened: WatchedPage[] = [];
const stack: Stack = {
  world: () => world,
  open: async (...args) => {
    const page = await world.open(...args);
    opened.push(page);
    return page;
  },
};

/** One running system for all jobs, since its start takes half a minute. */
describeInBrowser('the console in a browser', () => {
  beforeAll(async () => {
    world = await ConsoleWorld.start();
  });
  afterAll(() => world?.close());
  afterEach(async () => {
    const faults = opened.flatMap((page) => page.faults);
    await Promise.all(opened.splice(0).map((page) => page.close()));
    // No page may have an error of the console, a report of the policy, a failed or a foreign request.
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });

  shellJobs(stack);
  accessibility(stack);
  questionJobs(stack);
  estateJobs(stack);
  operatorJobs(stack);
  moneyJobs(stack);
  steeringJobs(stack);
  stepJobs(stack);
  webhookJobs(stack);
  laterQuestionJobs(stack);
});
