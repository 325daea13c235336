import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AppJobScheduler, AppViewRoute } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Job, Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import { QUEUE_NAMES, type QueueClients } from '#libs/queues';
import { BOARD_PATH } from './board-session';
import { redactFields, redactJob, redactOptions, type StoredJob } from './redact-job';

/** Bull Board for all queues. This file is loaded at the first request for the board, because loading it takes 150 ms. */
export function bullBoard(clients: QueueClients): RequestHandler {
  const server = new BoardServer().setBasePath(BOARD_PATH);
  createBullBoard({
    serverAdapter: server,
    queues: QUEUE_NAMES.map((name) => new RedactedQueue(clients.queue(name) as unknown as Queue)),
    options: {
      uiConfig: {
        boardTitle: 'arcadia-cloud queues',
        hideDocsLink: true,
        miscLinks: [{ text: 'Sign out', url: `${BOARD_PATH}/sign-out` }],
      },
    },
  });
  return server.getRouter() as RequestHandler;
}

/** A queue that returns redacted jobs to every page. Job logs and flows are empty: this service writes none. */
class RedactedQueue extends BullMQAdapter {
  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && withRedactedJson(job);
  }

  override async getJobs(...request: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...request)).map(withRedactedJson);
  }

  override async runJobSchedulerNow(id: string): ReturnType<BullMQAdapter['runJobSchedulerNow']> {
    const run = await super.runJobSchedulerNow(id);
    return run === 'not-found' ? run : withRedactedJson(run as Job);
  }

  override getJobLogs(): Promise<string[]> {
    return Promise.resolve([]);
  }

  override getFlowProducer(): Promise<null> {
    return Promise.resolve(null);
  }

  override async getJobSchedulers(): Promise<Omit<AppJobScheduler, 'queueName'>[]> {
    const schedulers = await super.getJobSchedulers();
    return schedulers.map((scheduler) => ({
      ...scheduler,
      ...(scheduler.template && {
        template: { data: redactFields(scheduler.template.data), opts: redactOptions(scheduler.template.opts) },
      }),
    }));
  }
}

/** The board reads jobs through their JSON and acts on the jobs themselves. */
function withRedactedJson(job: Job): Job {
  const stored = job.toJSON.bind(job);
  job.toJSON = () => redactJob(stored() as ReturnType<Job['toJSON']> & StoredJob);
  return job;
}

class BoardServer extends ExpressAdapter {
  constructor() {
    super();
    this.app.disable('x-powered-by').disable('etag');
  }

  /** Passes errors to the api's problem filter; the board would return the driver's own text. [TEN-10] */
  override setErrorHandler(): this {
    return super.setErrorHandler((error) => {
      throw error;
    });
  }

  /** Removes the line that loads a font from Google: the page loads nothing from other hosts. */
  override setEntryRoute(entry: AppViewRoute): this {
    this.app.get(entry.route, (_request, response, next) => {
      const { name, params } = entry.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      response.render(name, params, (error: Error | null, html: string) => {
        if (error) next(error);
        else response.send(html.replace(/<link[^>]*fonts\.googleapis\.com[^>]*>/g, ''));
      });
    });
    return this;
  }
}
