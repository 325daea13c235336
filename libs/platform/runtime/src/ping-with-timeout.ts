/** A dependency that has not answered a ping by then is as good as down. */
const LIMIT_MS = 2_000;

/** How a dependency answers a ping: `down` for a refusal and for silence. Never rejects. */
export async function pingWithTimeout(ping: Promise<unknown>): Promise<'ok' | 'down'> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'down'>((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, 'down');
  });
  try {
    return await Promise.race([ping.then(() => 'ok' as const), limit]);
  } catch {
    return 'down';
  } finally {
    clearTimeout(timer);
  }
}
