const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes a signal on that the terminal, or whoever told the whole group, has sent us already: within this time both are one. */
const ECHO_MS = process.env.npm_lifecycle_event === undefined ? -1 : 300;

/** The first signal asks for an orderly end, a second one for an immediate one. */
export function onStopSignal(orderly: () => void, atOnce: () => void): void {
  let firstAt: number | undefined;
  const received = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      orderly();
    } else if (Date.now() - firstAt > ECHO_MS) {
      atOnce();
    }
  };
  for (const name of SIGNALS) process.on(name, received);
}
