/** Parts of a stored BullMQ job that may contain any text. */
export interface StoredJob {
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
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
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
export function redactJob<J extends StoredJob>(job: J): J {
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
export function redactFields(data: unknown): Record<string, unknown> {
  const fields = Object.entries(typeof data === 'object' && data !== null && !Array.isArray(data) ? data : { data });
  const visible = fields.filter(([name, value]) => isPublic(name, value));
  const hidden = fields.length - visible.length;
  return { ...Object.fromEntries(visible), ...(hidden > 0 && { hidden_fields: hidden }) };
}

/** Numeric options: times and counts. */
export function redactOptions(opts: unknown): Record<string, unknown> {
  const given = (typeof opts === 'object' && opts !== null ? opts : {}) as Record<string, unknown>;
  return Object.fromEntries(NUMBER_OPTIONS.flatMap((name) => (typeof given[name] === 'number' ? [[name, given[name]]] : [])));
}

function isPublic(name: string, value: unknown): boolean {
  if (WORD_FIELDS.has(name)) return typeof value === 'string' && WORD.test(value);
  return ID_FIELD.test(name) && typeof value === 'string' && (UUID.test(value) || NUMBER.test(value));
}

function redactWord(text: string): string {
  return WORD.test(text) ? text : HIDDEN;
}

function redactFailure(reason: string): string {
  return WORD.test(reason) || FAILURES_OF_BULLMQ.has(reason) ? reason : `${HIDDEN}: see job_failed in the log`;
}
