import { withTimeout } from '#libs/kernel';

/** A dependency that has not answered a ping within this time counts as down. */
const LIMIT_MS = 2_000;

/** The state of a dependency by its ping: `down` after a refusal and after a timeout. Never rejects. */
export async function pingWithTimeout(ping: Promise<unknown>): Promise<'ok' | 'down'> {
  return withTimeout(ping, LIMIT_MS, () => new Error(`no answer within ${LIMIT_MS} ms`)).then(
    () => 'ok',
    () => 'down',
  );
}
