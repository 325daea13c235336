/** A listener that passes on the first of a burst of events, and after that at most one event per `spacingMs`. */
export function throttle<T>(listener: (event: T) => void, spacingMs: number): (event: T) => void {
  let quietUntilMs = -Infinity;
  return (event) => {
    const nowMs = performance.now();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + spacingMs;
    listener(event);
  };
}
