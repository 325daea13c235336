import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useIsFetching, useQuery, useQueryClient } from '@tanstack/react-query';
import { Modal } from '@mantine/core';
import { useCallback, useState } from 'react';
import { answered, api, Problem } from '../client/client';
import { count, countOf, countRead } from '../parts/format';
import { IconCloudOff, IconMenu2 } from '../parts/icons';
import { useInbox } from '../screens/inbox/inbox-items';
import { Brand } from './sign-in';
import { useDriftSummary, useOpenSagas, useSummary } from './counts';
import { KeyHelp } from './key-help';
import { usePlaceKeys } from './keys';
import { useLiveState, useLiveUpdates } from './live';
import { isAt, PlaceList, placesOf, type Counts, type PlaceGroup } from './navigation';
import { Palette } from './palette';
import { useSession } from './session';
import { TEXTS } from './texts';
import { TopBar } from './top-bar';

const BOTTOM_PLACES = 4;
const BUDGET_POLL_MS = 60_000;

/** What is around every screen: navigation, search, the age of the data, who is signed in. */
export function Shell() {
  const { isAdmin } = useSession();
  const groups = placesOf(isAdmin);
  const summary = useSummary();
  const sagas = useOpenSagas();
  const drift = useDriftSummary();
  const [help, setHelp] = useState(false);
  const showHelp = useCallback(() => setHelp(true), []);
  usePlaceKeys(groups, showHelp);
  useLiveUpdates();
  const inbox = useInbox();
  const counts = {
    inbox: countRead(inbox.items.length, inbox.isCut),
    resources: summary.data && count(summary.data.data.total),
    sagas: sagas.data && countOf(sagas.data),
    drift: drift.data && count(drift.data.data.drifted),
  };
  return (
    <div className="app">
      <a href="#main" className="btn skip">
        {TEXTS.skip}
      </a>
      <nav className="nav" aria-label="Main">
        <Link to="/" className="brand" style={{ background: 'none', boxShadow: 'none', height: 48 }}>
          <Brand />
        </Link>
        <PlaceList groups={groups} counts={counts} />
        <NavFoot />
      </nav>
      <TopBar freshness={summary.data} />
      <div className="mainbox">
        <StateBanner />
        <Outlet />
      </div>
      <BottomBar groups={groups} counts={counts} />
      <Palette groups={groups} showHelp={showHelp} />
      {help && <KeyHelp groups={groups} close={() => setHelp(false)} />}
    </div>
  );
}

/** Below the places: how many calls of the provider are left in this hour, for operators. */
function NavFoot() {
  const { isAdmin } = useSession();
  const budget = useQuery({
    queryKey: ['provider-budget'],
    queryFn: () => answered(api.GET('/api/v1/provider/budget')),
    enabled: isAdmin,
    refetchInterval: BUDGET_POLL_MS,
  });
  const { tokens = [], per_hour: most = 0 } = budget.data?.data ?? {};
  if (tokens.length === 0 || most === 0) return null;
  const left = Math.min(...tokens.map(({ hour_left: one }) => one));
  return (
    <div className="foot">
      <b>{TEXTS.calls}</b>
      <span className="meter" style={{ display: 'block' }}>
        <i className={left < most / 10 ? 'warn' : ''} style={{ width: `${(left / most) * 100}%` }} />
      </span>
      {TEXTS.callsLeft(count(left), count(most))}
    </div>
  );
}

/** Warns that the server cannot be reached, or that its events do not come, until they do. */
function StateBanner() {
  const client = useQueryClient();
  const live = useLiveState();
  useIsFetching(); // renders when a query begins or ends
  const isOffline = client
    .getQueryCache()
    .getAll()
    .some((query) => query.isActive() && query.state.error instanceof Problem && query.state.error.status === 0);
  if (!isOffline && live !== 'interrupted') return null;
  return (
    <div className="banner" role="status">
      <IconCloudOff size={16} stroke={1.75} aria-hidden />
      {isOffline ? TEXTS.offline : TEXTS.interrupted}
    </div>
  );
}

/** On a phone: four places and the rest behind the fifth. */
function BottomBar({ groups, counts }: { readonly groups: readonly PlaceGroup[]; readonly counts: Counts }) {
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const places = groups.flatMap((group) => group.places).slice(0, BOTTOM_PLACES);
  return (
    <nav className="tabs" aria-label="Places">
      {places.map(({ to, text, icon: Icon }) => (
        <Link key={to} to={to} className={isAt(pathname, to) ? 'on' : ''}>
          <Icon size={20} stroke={1.75} aria-hidden />
          {text}
        </Link>
      ))}
      <button type="button" onClick={() => setOpen(true)}>
        <IconMenu2 size={20} stroke={1.75} aria-hidden />
        {TEXTS.more}
      </button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={TEXTS.more}
        lockScroll={false}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {/* a place that is chosen closes the sheet */}
        <div className="sheet" role="presentation" onClick={() => setOpen(false)}>
          <PlaceList groups={groups.map(({ places: inGroup }) => ({ title: null, places: inGroup }))} counts={counts} />
        </div>
      </Modal>
    </nav>
  );
}
