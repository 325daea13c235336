import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AppJobScheduler, AppViewRoute } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Job, Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import { QUEUE_NAMES, type QueueClients } from '#libs/queues';
import { BOARD_PATH } from './board-session';
import { shownFields, redactJob, shownOptions, type StoredJob } from './shown-job';

/** Bull Board over all queues. This file is loaded with the first request for the board: loading it takes 150 ms. */
export function bullBoard(clients: QueueClients): RequestHandler {
  const server = new BoardServer().setBasePath(BOARD_PATH);
  createBullBoard({
    serverAdapter: server,
    queues: QUEUE_NAMES.map((name) => new ShownQueue(clients.queue(name) as unknown as Queue)),
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

/** A queue whose jobs show ids only, whichever page they are shown on. Logs of jobs and flows are not ours: nothing writes them. */
class ShownQueue extends BullMQAdapter {
  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && withShownJson(job);
  }

  override async getJobs(...asked: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...asked)).map(withShownJson);
  }

  override async runJobSchedulerNow(id: string): ReturnType<BullMQAdapter['runJobSchedulerNow']> {
    const run = await super.runJobSchedulerNow(id);
    return run === 'not-found' ? run : withShownJson(run as Job);
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
      ...(scheduler.template && { template: { data: shownFields(scheduler.template.data), opts: shownOptions(scheduler.template.opts) } }),
    }));
  }
}

/** The board reads jobs through their JSON and acts on the jobs themselves. */
function withShownJson(job: Job): Job {
  const stored = job.toJSON.bind(job);
  job.toJSON = () => redactJob(stored() as ReturnType<Job['toJSON']> & StoredJob);
  return job;
}

class BoardServer extends ExpressAdapter {
  constructor() {
    super();
    this.app.disable('x-powered-by').disable('etag');
  }

  /** What fails goes on to the api's one filter; the board would answer with the driver's own text (TEN-10). */
  override setErrorHandler(): this {
    return super.setErrorHandler((error) => {
      throw error;
    });
  }

  /** Without the line that asks Google for a font: the page loads nothing from elsewhere. */
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
