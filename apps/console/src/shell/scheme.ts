import { useSyncExternalStore } from 'react';

export type Scheme = 'light' | 'dark' | 'auto';
const KEY = 'arcadia.scheme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Scheme {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

export function schemeNow(): 'light' | 'dark' {
  const scheme = chosen();
  if (scheme !== 'auto') return scheme;
  return dark.matches ? 'dark' : 'light';
}

/** Puts the colour scheme on the document, where tokens.css reads it. */
export function applyScheme(): void {
  document.documentElement.dataset.scheme = schemeNow();
  for (const listener of listeners) listener();
}

export function setScheme(scheme: Scheme): void {
  localStorage.setItem(KEY, scheme);
  applyScheme();
}

dark.addEventListener('change', applyScheme);

export const useScheme = (): 'light' | 'dark' =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, schemeNow);
