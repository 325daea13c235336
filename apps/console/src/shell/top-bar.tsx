import { Menu, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { spotlight } from '@mantine/spotlight';
import type { Freshness } from '../client/client';
import { age } from '../parts/format';
import { IconClockExclamation, IconLogout, IconMoon, IconSearch, IconSun } from '../parts/icons';
import { kindsName } from '../parts/kinds';
import { useNow } from '../parts/time';
import { setScheme, useScheme } from './scheme';
import { useSession } from './session';
import { TEXTS } from './texts';

/** Data older than this is late. The cadences of the kinds lie between one minute and one hour. */
const LATE_MS = 75 * 60_000;
const TALLEST_PX = 16;

export function TopBar({ freshness }: { readonly freshness: Freshness | undefined }) {
  const { session, isAdmin, signOut } = useSession();
  const name = session.sub;
  return (
    <header className="top">
      <span className="only-m brand-m">{TEXTS.product}</span>
      <button type="button" className="search" aria-label={TEXTS.search} onClick={spotlight.open}>
        <IconSearch size={16} stroke={1.75} aria-hidden />
        <span>{TEXTS.search}</span>
        <kbd>/</kbd>
      </button>
      <FreshnessStrip freshness={freshness} />
      <div className="acct">
        <span className="hide-m">
          <b style={{ fontWeight: 600 }}>{name}</b> <span className="dim">{isAdmin ? TEXTS.admin : session.tenant_id}</span>
        </span>
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <button type="button" className="av" aria-label={`${name.slice(0, 2).toUpperCase()}, ${name}: colours and sign-out`}>
              {name.slice(0, 2).toUpperCase()}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{name}</Menu.Label>
            <SchemeItems />
            <Menu.Item leftSection={<IconLogout size={16} stroke={1.75} aria-hidden />} onClick={signOut}>
              {TEXTS.signOut}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Tooltip label={TEXTS.signOut}>
          <button type="button" className="iconbtn" aria-label={TEXTS.signOut} onClick={signOut}>
            <IconLogout size={16} stroke={1.75} aria-hidden />
          </button>
        </Tooltip>
      </div>
    </header>
  );
}

function SchemeItems() {
  const scheme = useScheme();
  const next = scheme === 'dark' ? 'light' : 'dark';
  const Icon = next === 'dark' ? IconMoon : IconSun;
  return (
    <>
      <Menu.Item leftSection={<Icon size={16} stroke={1.75} aria-hidden />} onClick={() => setScheme(next)}>
        {TEXTS.scheme[next]}
      </Menu.Item>
      <Menu.Item onClick={() => setScheme('auto')}>{TEXTS.scheme.auto}</Menu.Item>
    </>
  );
}

/** One bar for each kind, as high as its data is old, and words for the youngest and the oldest. */
function FreshnessStrip({ freshness }: { readonly freshness: Freshness | undefined }) {
  const nowMs = useNow();
  if (!freshness) return <div className="fresh" />;
  const kinds = Object.entries(freshness.completeness)
    .map(([kind, { as_of, complete }]) => ({ kind, complete, ageMs: as_of === null ? Infinity : nowMs - new Date(as_of).getTime() }))
    .sort((a, b) => a.kind.localeCompare(b.kind));
  const seen = kinds.filter(({ ageMs }) => ageMs < Infinity).sort((a, b) => a.ageMs - b.ageMs);
  const youngest = seen[0];
  const oldest = kinds.toSorted((a, b) => b.ageMs - a.ageMs)[0];
  const lateMs = oldest && oldest.ageMs > LATE_MS ? oldest.ageMs : undefined;
  const lateText =
    lateMs === undefined || !oldest
      ? ''
      : `${kindsName(oldest.kind, 2)} ${lateMs === Infinity ? TEXTS.neverSeen : age(nowMs - lateMs, nowMs)}`;
  return (
    <Tooltip label={TEXTS.freshness}>
      <Link to="/kinds" className="fresh">
        <span className="vh">{TEXTS.freshness}</span>
        <span className="ticks hide-m" aria-hidden="true">
          {kinds.map(({ kind, ageMs, complete }) => (
            <i key={kind} className={barClass(ageMs, complete)} style={{ height: barHeight(ageMs) }} />
          ))}
        </span>
        <span className="hide-m">
          {youngest ? (
            <>
              {TEXTS.seen} <b>{age(nowMs - Math.max(youngest.ageMs, 0), nowMs)}</b>
              {youngest.ageMs >= 1_000 && TEXTS.ago}
            </>
          ) : (
            TEXTS.neverSeen
          )}
          {lateText && (
            <>
              {' · '}
              <span style={{ color: 'var(--warn)' }}>{lateText}</span>
            </>
          )}
        </span>
        {!lateText && youngest && <span className="only-m">{age(nowMs - Math.max(youngest.ageMs, 0), nowMs)}</span>}
        {lateText && (
          <span className="only-m st warn">
            <IconClockExclamation size={14} stroke={1.75} aria-hidden />
            {lateText}
          </span>
        )}
      </Link>
    </Tooltip>
  );
}

function barClass(ageMs: number, complete: boolean): string {
  if (ageMs === Infinity) return 'dead';
  return ageMs > LATE_MS || !complete ? 'late' : '';
}

const barHeight = (ageMs: number): number => Math.max(3, Math.min(TALLEST_PX, Math.round((ageMs / LATE_MS) * 12) + 3));
