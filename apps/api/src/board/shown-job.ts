/** Parts of a job as BullMQ has it that anybody may have filled with anything. */
export interface StoredJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: unknown;
  readonly progress?: unknown;
  readonly returnvalue?: unknown;
  readonly failedReason?: string;
  readonly deduplicationId?: string;
}

/** Names of ours: kinds, triggers, job names, statuses, error codes, keys of schedules. Tokens and passwords have digits, capitals or other signs. */
const WORD = /^[a-z]{1,40}(?:[_./-][a-z]{1,40}){0,7}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NUMBER = /^\d{1,20}$/;
const WORD_FIELDS = new Set(['kind', 'trigger', 'status']);
const ID_FIELD = /^[a-z]{1,30}(_[a-z]{1,30}){0,3}_(id|uuid)$/;
const NUMBER_OPTIONS = ['attempts', 'delay', 'priority', 'timestamp'] as const;
const HIDDEN = 'hidden';
/** Of BullMQ's own, which no handler of ours has written. */
const FAILURES_OF_BULLMQ = new Set(['job stalled more than allowable limit']);

/**
 * What the board shows of a job: words and ids of ours (TEN-8). A job should hold nothing else; what somebody put there all the same, and texts that
 * libraries wrote, are not shown, not even to an operator: a board is looked at over shoulders and ends up in tickets.
 */
export function redactJob<J extends StoredJob>(job: J): J {
  return {
    ...job,
    name: shownWord(job.name),
    data: shownFields(job.data),
    opts: shownOptions(job.opts),
    progress: typeof job.progress === 'number' ? job.progress : 0,
    returnvalue: job.returnvalue === undefined || job.returnvalue === null ? null : shownFields(job.returnvalue),
    failedReason: job.failedReason === undefined ? undefined : shownFailure(job.failedReason),
    stacktrace: [],
    deduplicationId: job.deduplicationId === undefined ? undefined : shownWord(job.deduplicationId),
    deferredFailure: undefined,
    processedBy: undefined,
  };
}

/** The fields that hold a word or an id of ours, and how many others there are. */
export function shownFields(data: unknown): Record<string, unknown> {
  const fields = Object.entries(typeof data === 'object' && data !== null && !Array.isArray(data) ? data : { data });
  const shown = fields.filter(([name, value]) => isShown(name, value));
  const hidden = fields.length - shown.length;
  return { ...Object.fromEntries(shown), ...(hidden > 0 && { hidden_fields: hidden }) };
}

/** Numbers that say when and how often. */
export function shownOptions(opts: unknown): Record<string, unknown> {
  const given = (typeof opts === 'object' && opts !== null ? opts : {}) as Record<string, unknown>;
  return Object.fromEntries(NUMBER_OPTIONS.flatMap((name) => (typeof given[name] === 'number' ? [[name, given[name]]] : [])));
}

function isShown(name: string, value: unknown): boolean {
  if (WORD_FIELDS.has(name)) return typeof value === 'string' && WORD.test(value);
  return ID_FIELD.test(name) && typeof value === 'string' && (UUID.test(value) || NUMBER.test(value));
}

function shownWord(text: string): string {
  return WORD.test(text) ? text : HIDDEN;
}

function shownFailure(reason: string): string {
  return WORD.test(reason) || FAILURES_OF_BULLMQ.has(reason) ? reason : `${HIDDEN}: see job_failed in the log`;
}
