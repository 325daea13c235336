/** A listener that passes on the first of a burst of events and then at most one in ten seconds. */
export function throttle<T>(listener: (event: T) => void, spacingMs = 10_000): (event: T) => void {
  let quietUntil = -Infinity;
  return (event) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + spacingMs;
    listener(event);
  };
}
