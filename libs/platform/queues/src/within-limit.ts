import { QueueUnavailableError } from './queue-unavailable.error';

/** How long a caller waits for the queues. A doorbell that is not heard costs at most one round of the recovery scans. */
const LIMIT_MS = 2_000;

function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

/** The work's answer, or `QueueUnavailableError` when it fails or takes longer than 2 s. What is late is dropped, never left unhandled. */
export async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new QueueUnavailableError('timeout')), LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } catch (error) {
    throw error instanceof QueueUnavailableError ? error : new QueueUnavailableError(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}
