/** The exit codes of every command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** With `--exit-code` only: the list has rows, or the plan has changes. */
  findings: 3,
  /** No token, a token that is refused, or one without the scope. */
  signIn: 4,
  notFound: 5,
  /** A conflict, a limit of requests, or a service that is busy. */
  conflict: 6,
  /** The saga was rolled back, failed or was rejected. */
  sagaEnded: 7,
  /** As `timeout` of coreutils. */
  timedOut: 124,
} as const;

interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Ends the command with a sentence on standard error. */
export class Failure extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
    /** Of the API's problem, or one of the command line: `usage`, `unreachable`. */
    readonly code: string,
    readonly requestId: string | null = null,
    readonly errors: readonly FieldError[] = [],
  ) {
    super(message);
  }
}

export const usageError = (message: string) => new Failure(EXIT.usage, message, 'usage');

/** The exit code of a refusal of the API. */
export function exitCodeOf(status: number): number {
  if (status === 400 || status === 405 || status === 413 || status === 415) return EXIT.usage;
  if (status === 401 || status === 403) return EXIT.signIn;
  if (status === 404 || status === 410) return EXIT.notFound;
  return status === 409 || status === 429 || status === 503 ? EXIT.conflict : EXIT.failed;
}

/** A message of the API may begin with the name of its field already. */
const fieldLine = ({ field, message }: FieldError) => (message.startsWith(`${field} `) ? message : `${field} ${message}`);

/** The text of a failure for standard error: the sentence, the fields that are wrong, code and request id. */
export function failureText({ message, code, requestId, errors }: Failure): string {
  const lines = errors
    .map(fieldLine)
    .filter((line) => line !== message)
    .map((line) => `  ${line}`);
  const origin = requestId === null ? code : `${code}, request ${requestId}`;
  const [first, ...rest] = message.split('\n');
  return [`arcadia: ${first} (${origin})`, ...rest, ...lines, ''].join('\n');
}
