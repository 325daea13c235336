import { Tooltip } from '@mantine/core';
import { useState, useSyncExternalStore } from 'react';
import { age, exactTime } from './format';

const TICK_MS = 15_000;
const listeners = new Set<() => void>();
let now = Date.now();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, TICK_MS);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The time of this moment, renewed every quarter of a minute for all ages on the page at once. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

/** How long ago something was, with the exact time on hover. A table has many of them, so each makes its tooltip when it is needed. */
export function Age({ at, suffix = '', late = false }: { readonly at: string | null; readonly suffix?: string; readonly late?: boolean }) {
  const nowMs = useNow();
  const [isHovered, setHovered] = useState(false);
  if (at === null) return <span className="dim">never</span>;
  const text = age(at, Math.max(nowMs, new Date(at).getTime()));
  const time = (
    <time
      dateTime={at}
      className={late ? 'age tn late' : 'age tn'}
      style={late ? { color: 'var(--warn)' } : undefined}
      onPointerEnter={isHovered ? undefined : () => setHovered(true)}
    >
      {text}
      {/\d [a-z]+$/.test(text) ? suffix : ''}
    </time>
  );
  return isHovered ? <Tooltip label={exactTime(at)}>{time}</Tooltip> : time;
}
