import type { CallOutcome } from './call-outcome';

/** The right to make one call now. Every permit must end exactly once, whatever happens. */
export interface Permit {
  /** `performance.now()` until which the call may start: a process that froze in between must ask again. */
  readonly startBeforeMs: number;
  /** Resolves at once, or for news to other processes when they have been told. Never rejects. */
  ended(outcome: CallOutcome, waitMs?: number): Promise<void>;
}

export interface PermitRequest {
  readonly fingerprint: string;
  readonly provisioning: boolean;
  /** Time limit of the call that will be made. */
  readonly timeLimitMs: number;
  /** How long to wait for a free slot before giving up. */
  readonly maxWaitMs: number;
  readonly signal?: AbortSignal;
}

/** One caller in line for a permit. */
export interface PendingAcquire {
  readonly request: PermitRequest;
  /** `performance.now()` at which it gives up. */
  readonly untilMs: number;
  readonly grant: (permit: Permit) => void;
  readonly refuse: (reason: unknown) => void;
}
