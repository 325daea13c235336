import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AppJobScheduler, AppViewRoute } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Job, Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isUuid } from '#libs/kernel';
import { redact } from '#libs/observability';
import { QUEUE_NAMES, type QueueClients } from '#libs/queues';
import { BOARD_PATH } from './board-session';

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

  /** Serves the board's texts with a remark on each button of a refused action, because the board itself hides none of them. */
  override setStaticPath(route: string, folder: string): ExpressAdapter {
    this.app.get(`${route}/locales/:language/messages.json`, async (request, response, next) => {
      const { language } = request.params;
      if (!/^[a-z]{2}-[A-Z]{2}$/.test(language)) return next();
      const texts = await readFile(join(folder, 'locales', language, 'messages.json'), 'utf8').catch(() => undefined);
      if (texts === undefined) return next();
      response.json(withRemarks(JSON.parse(texts) as BoardTexts));
    });
    return super.setStaticPath(route, folder);
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

/** The names of buttons, by part of the board. */
type BoardTexts = Readonly<Record<string, { readonly ACTIONS?: Readonly<Record<string, string>> }>>;

/** The buttons of the board for actions that are not among the allowed ones. */
const REFUSED_BUTTONS: Readonly<Record<string, readonly string[]>> = {
  JOB: ['UPDATE_DATA', 'DUPLICATE', 'RESCHEDULE', 'REPRIORITISE', 'REMOVE_UNPROCESSED_CHILDREN'],
  QUEUE: ['OBLITERATE', 'ADD_JOB', 'SET_CONCURRENCY', 'SET_RATE_LIMIT'],
  SCHEDULERS: ['EDIT', 'REMOVE'],
};

function withRemarks(texts: BoardTexts): BoardTexts {
  const changed = Object.entries(REFUSED_BUTTONS).map(([part, buttons]) => {
    const actions = texts[part]?.ACTIONS ?? {};
    const nameOf = (button: string) => (typeof actions[button] === 'string' ? actions[button] : button);
    const named = buttons.map((button) => [button, `${nameOf(button)} (not allowed here)`]);
    return [part, { ...texts[part], ACTIONS: { ...actions, ...Object.fromEntries(named) } }];
  });
  return { ...texts, ...Object.fromEntries(changed) };
}

/** Parts of a stored BullMQ job that may contain any text. */
interface StoredJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: unknown;
  readonly progress?: unknown;
  readonly returnvalue?: unknown;
  readonly failedReason?: string;
  readonly deduplicationId?: string;
}

/**
 * Words of this service: kinds, triggers, job names, statuses, error codes, schedule keys. Tokens and passwords have digits,
 * capitals or other signs.
 */
const WORD = /^[a-z]{1,40}(?:[_./-][a-z]{1,40}){0,7}$/;
const NUMBER = /^\d{1,20}$/;
const WORD_FIELDS = new Set(['kind', 'trigger', 'status']);
const ID_FIELD = /^[a-z]{1,30}(_[a-z]{1,30}){0,3}_(id|uuid)$/;
const NUMBER_OPTIONS = ['attempts', 'delay', 'priority', 'timestamp'] as const;
const HIDDEN = 'hidden';
/** Failure texts of BullMQ itself, which contain no data. */
const FAILURES_OF_BULLMQ = new Set(['job stalled more than allowable limit']);

/**
 * A job as the board may return it: only words and ids of this service. Jobs should contain nothing else; other values and
 * texts of libraries are hidden even from operators, because pages of a board are visible to bystanders and are pasted into
 * tickets. [TEN-8]
 */
function redactJob<J extends StoredJob>(job: J): J {
  return {
    ...job,
    name: redactWord(job.name),
    data: redactFields(job.data),
    opts: redactOptions(job.opts),
    progress: typeof job.progress === 'number' ? job.progress : 0,
    returnvalue: job.returnvalue === undefined || job.returnvalue === null ? null : redactFields(job.returnvalue),
    failedReason: job.failedReason === undefined ? undefined : redactFailure(job.failedReason),
    stacktrace: [],
    deduplicationId: job.deduplicationId === undefined ? undefined : redactWord(job.deduplicationId),
    deferredFailure: undefined,
    processedBy: undefined,
  };
}

/** The fields that contain a word or an id of this service, and the number of all others. */
function redactFields(data: unknown): Record<string, unknown> {
  const fields = Object.entries(typeof data === 'object' && data !== null && !Array.isArray(data) ? data : { data });
  const visible = fields.filter(([name, value]) => isPublic(name, value));
  const hidden = fields.length - visible.length;
  return { ...Object.fromEntries(visible), ...(hidden > 0 && { hidden_fields: hidden }) };
}

/** Numeric options: times and counts. */
function redactOptions(opts: unknown): Record<string, unknown> {
  const given = (typeof opts === 'object' && opts !== null ? opts : {}) as Record<string, unknown>;
  return Object.fromEntries(NUMBER_OPTIONS.flatMap((name) => (typeof given[name] === 'number' ? [[name, given[name]]] : [])));
}

function isPublic(name: string, value: unknown): boolean {
  if (WORD_FIELDS.has(name)) return typeof value === 'string' && WORD.test(value);
  return ID_FIELD.test(name) && typeof value === 'string' && (isUuid(value) || NUMBER.test(value));
}

function redactWord(text: string): string {
  return WORD.test(text) ? text : HIDDEN;
}

/** What a worker stores of an expected failure: its code, then the message that the API shows too. */
const FAILURE_OF_OURS = /^[a-z]{1,40}(?:_[a-z]{1,40})+: [^\p{Cc}]{1,400}$/u;

function redactFailure(reason: string): string {
  if (FAILURE_OF_OURS.test(reason)) return redact(reason);
  return WORD.test(reason) || FAILURES_OF_BULLMQ.has(reason) ? reason : `${HIDDEN}: see job_failed in the log`;
}
