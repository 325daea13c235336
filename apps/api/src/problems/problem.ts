import { STATUS_CODES } from 'node:http';
import type { FieldError } from '#libs/kernel';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457. `type` is always `about:blank`: what exactly went wrong is told by `code`, which never changes once released. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly request_id: string;
  /** Only with `validation_failed`. */
  readonly errors?: readonly FieldError[];
  /** Only with `not_ready`: each thing that readiness depends on. */
  readonly checks?: Readonly<Record<string, string>>;
}

/** What is known about a failure before it is put into the envelope. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number | undefined;
  readonly members?: Pick<Problem, 'errors' | 'checks'>;
}

export function problemOf({ status, code, detail, members }: Failure, requestId: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, request_id: requestId, ...members };
}
