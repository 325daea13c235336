import { Logger } from '@nestjs/common';
import { CUT_OFF, EXIT, type EndSignal } from './exit-codes';

/** What a process must be able to do to end in order. */
export interface Stoppable {
  /** Takes nothing new, waits for what is under way, then releases what the process holds. */
  close(): Promise<void>;
  /** Cuts the connections that are still open. */
  closeAllConnections(): void;
}

/** Requests that hang are cut a little before the limit; the rest of the time is for the pools. */
const CUT_CONNECTIONS_AT = 0.7;
/** Whatever still hangs then is left behind: locks and leases hand its work to others. */
const GIVE_UP_AT = 0.8;

/** Under npm, or as a child of `npm start`, one wish to end arrives twice: from the terminal or group, and passed on by the parent. */
const hasEchoes = (): boolean => process.env.npm_lifecycle_event !== undefined || process.send !== undefined;
/** Two signals this close together are then one. */
const ECHO_MS = 300;

/**
 * Ends the process in order on the first SIGTERM or SIGINT, with exit code 0 within `limitMs` (OPS-6), and at once on a second one.
 * Losing the parent that started it over IPC counts as SIGTERM: nothing of `npm start` outlives it.
 */
export function endOnSignal(name: string, running: Stoppable, limitMs: number): void {
  const log = new Logger(name);
  let endingSinceMs: number | undefined;
  const end = (signal: EndSignal) => {
    if (endingSinceMs !== undefined) {
      if (!hasEchoes() || performance.now() - endingSinceMs > ECHO_MS) process.exit(CUT_OFF[signal]);
      return;
    }
    endingSinceMs = performance.now();
    log.log({ event: 'stopping', signal });
    setTimeout(() => running.closeAllConnections(), limitMs * CUT_CONNECTIONS_AT).unref();
    setTimeout(() => process.exit(EXIT.done), limitMs * GIVE_UP_AT).unref();
    running.close().then(
      () => process.exit(EXIT.done),
      (error: unknown) => {
        log.error({ event: 'stop_failed' }, error instanceof Error ? error.stack : undefined);
        process.exit(EXIT.failed);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) relieve(signal, end);
  process.once('disconnect', () => end('SIGTERM'));
  if (process.send && !process.connected) end('SIGTERM'); // the parent died while we were loading
}

/** Instead of whoever listened while the process was loading. With nobody listening in between, Node would forget a signal that is on its way. */
function relieve(signal: EndSignal, end: (signal: EndSignal) => void): void {
  const relieved = process.listeners(signal);
  process.on(signal, end);
  for (const listener of relieved) process.off(signal, listener);
}
