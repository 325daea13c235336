import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { PlaceGroup } from './navigation';

const OFF = 'arcadia.keys-off';
const SECOND_KEY_MS = 1_200;

export const keysAreOff = (): boolean => localStorage.getItem(OFF) !== null;
export function setKeysOff(off: boolean): void {
  if (off) localStorage.setItem(OFF, '1');
  else localStorage.removeItem(OFF);
}

/** True where a letter is text: single-letter keys never fire there. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return Boolean(target?.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="menu"], [role="listbox"]'));
}

const isInTable = (event: KeyboardEvent): boolean => Boolean((event.target as HTMLElement | null)?.closest('.tb'));

/** Keys that press something of the page that is on screen. */
const PRESSES: Readonly<Record<string, string>> = { f: '.main .chip.add' };

/** The row of the table on screen that the focus goes to first. */
const firstRow = (): HTMLElement | null => document.querySelector<HTMLElement>('.main .tb tr[tabindex="0"]');

/**
 * `g` and a letter go to a place, `n` orders, `j` and `k` enter the table, `f` filters, `?` lists the keys. Keys can be turned off; `Ctrl K`
 * always works.
 */
export function usePlaceKeys(groups: readonly PlaceGroup[], showHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let waitsUntil = 0;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || keysAreOff()) return;
      if (event.key === 'g') {
        waitsUntil = event.timeStamp + SECOND_KEY_MS;
        return;
      }
      const isSecond = event.timeStamp < waitsUntil;
      waitsUntil = 0;
      const place = isSecond ? groups.flatMap(({ places }) => places).find(({ key }) => key === event.key) : undefined;
      if (place) void navigate({ to: place.to });
      else if (isSecond) return;
      else if (event.key === 'n') void navigate({ to: '/order' });
      else if (event.key === '?') showHelp();
      else if ((event.key === 'j' || event.key === 'k') && !isInTable(event)) firstRow()?.focus();
      else if (PRESSES[event.key]) {
        event.preventDefault(); // the letter would be typed into the field that opens
        document.querySelector<HTMLElement>(PRESSES[event.key] ?? '')?.click();
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [groups, navigate, showHelp]);
}
