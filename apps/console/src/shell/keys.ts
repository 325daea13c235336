import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
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

const isInList = (event: KeyboardEvent): boolean => Boolean((event.target as HTMLElement | null)?.closest('.tb, .it'));

/** Keys that press something of the page that is on screen. The others are named by the buttons themselves, in `aria-keyshortcuts`. */
const PRESSES: Readonly<Record<string, string>> = { f: '.main .chip.add', '.': '.main .head .act [aria-haspopup="menu"]' };
const NAMED_BY_BUTTONS = ['r', 'a', 'p'];

/** The row of the table on screen, or the item of the inbox, that the focus goes to first. */
const firstRow = (): HTMLElement | null => document.querySelector<HTMLElement>('.main .tb tr[tabindex="0"], .main .it-title');

/** What a key presses: an open item or dialog stands before the head of its page. Null where nothing on the page has this key now. */
function pressedBy(key: string): HTMLElement | null {
  const place = PRESSES[key];
  if (place) return document.querySelector<HTMLElement>(place);
  const all = document.querySelectorAll<HTMLElement>(`.main [aria-keyshortcuts="${key}"]:not([disabled])`);
  return NAMED_BY_BUTTONS.includes(key) ? ([...all].find((one) => one.closest('.it')) ?? all[0] ?? null) : null;
}

/** The rows of a list that was read page after page. */
function rowsOf(data: unknown): readonly { readonly id?: unknown }[] {
  const { pages } = (data ?? {}) as { readonly pages?: readonly { readonly data?: unknown }[] };
  return (pages ?? []).flatMap(({ data: rows }) => (Array.isArray(rows) ? (rows as { readonly id?: unknown }[]) : []));
}

/** The address of the record before or after the one on screen, in the order of the list in which it was read last. */
function neighbour(client: QueryClient, pathname: string, step: 1 | -1): string | undefined {
  const [, place, id] = /^(.*\/)([^/]+)$/.exec(pathname) ?? [];
  if (place === undefined || id === undefined) return undefined;
  const lists = client
    .getQueryCache()
    .getAll()
    .toSorted((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt);
  for (const { state } of lists) {
    const rows = rowsOf(state.data);
    const at = rows.findIndex((row) => row.id === id);
    const next = at === -1 ? undefined : rows[at + step]?.id;
    if (at !== -1) return typeof next === 'string' ? `${place}${next}` : undefined;
  }
  return undefined;
}

/**
 * `g` and a letter go to a place, `n` orders, `j` and `k` enter the list, `[` and `]` go to the record before and after. `f`, `r`, `a`, `p` and
 * `.` press what the page has for them, and `r` reads the page again where it has nothing. Keys can be turned off; `Ctrl K` always works.
 */
export function usePlaceKeys(groups: readonly PlaceGroup[], showHelp: () => void): void {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const client = useQueryClient();
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
      else if ((event.key === 'j' || event.key === 'k') && !isInList(event)) firstRow()?.focus();
      else if (event.key === '[' || event.key === ']') {
        const to = neighbour(client, pathname, event.key === ']' ? 1 : -1);
        if (to) void navigate({ to, replace: true });
      } else {
        const button = pressedBy(event.key);
        if (button) {
          event.preventDefault(); // the letter would be typed into the field that opens
          button.click();
        } else if (event.key === '.') document.querySelector<HTMLElement>('.main .head .act :is(a, button)')?.focus();
        else if (event.key === 'r') void client.refetchQueries({ type: 'active' });
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [client, groups, navigate, pathname, showHelp]);
}
