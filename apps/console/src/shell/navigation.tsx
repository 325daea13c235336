import { Link, useLocation } from '@tanstack/react-router';
import type { Icon as IconComponent } from '../parts/icon';
import {
  IconAdjustmentsDollar,
  IconCalendarDollar,
  IconCalendarDue,
  IconChartBar,
  IconCirclePlus,
  IconClock,
  IconCloudUp,
  IconCoins,
  IconFileDollar,
  IconFolder,
  IconGitCompare,
  IconHistory,
  IconHome,
  IconInbox,
  IconNetwork,
  IconRefresh,
  IconRoute,
  IconStack2,
  IconTimeline,
  IconTags,
  IconUserCheck,
  IconUsers,
  IconWebhook,
} from '../parts/icons';

export interface Place {
  readonly to: string;
  readonly text: string;
  readonly icon: IconComponent;
  /** The key after `g`. */
  readonly key?: string;
  readonly count?: string;
  /** Other addresses of the same place. */
  readonly also?: readonly string[];
  /** Counts what needs a decision, which is filled. */
  readonly hot?: boolean;
}

export interface PlaceGroup {
  readonly title: string | null;
  readonly places: readonly Place[];
}

const ADMIN: readonly PlaceGroup[] = [
  { title: null, places: [{ to: '/inbox', text: 'Inbox', icon: IconInbox, key: 'i', count: 'inbox', hot: true }] },
  {
    title: 'Estate',
    places: [
      { to: '/inventory', text: 'Inventory', icon: IconStack2, key: 'r', count: 'resources' },
      { to: '/drift', text: 'Drift', icon: IconGitCompare, key: 'd', count: 'drift', also: ['/drift-rules'] },
      { to: '/sagas', text: 'Sagas', icon: IconRoute, key: 's', count: 'sagas' },
      { to: '/order', text: 'Order', icon: IconCirclePlus },
      { to: '/dns', text: 'DNS', icon: IconNetwork, key: 'n' },
      { to: '/expiring', text: 'What expires', icon: IconCalendarDue, key: 'x' },
    ],
  },
  {
    title: 'Money',
    places: [
      { to: '/costs', text: 'Costs', icon: IconChartBar, key: 'c', also: ['/provider-invoices', '/cost-lines', '/pnl'] },
      { to: '/month-runs', text: 'Month runs', icon: IconCalendarDollar, key: 'm' },
      { to: '/invoices', text: 'Invoices', icon: IconFileDollar, key: 'b' },
      { to: '/payments', text: 'Payments', icon: IconCoins, also: ['/credit-notes', '/wallets'] },
      { to: '/rate-cards', text: 'Rate cards', icon: IconTags, also: ['/rate-overrides', '/list-prices'] },
      { to: '/billing-settings', text: 'Billing settings', icon: IconAdjustmentsDollar },
    ],
  },
  {
    title: 'People',
    places: [
      { to: '/tenants', text: 'Tenants', icon: IconUsers, key: 't' },
      { to: '/projects', text: 'Projects', icon: IconFolder, key: 'p' },
      { to: '/ownership-rules', text: 'Ownership rules', icon: IconUserCheck, key: 'u', also: ['/ownership-moves'] },
    ],
  },
  {
    title: 'Operations',
    places: [
      { to: '/sweeps', text: 'Sweeps', icon: IconRefresh, key: 'o' },
      { to: '/kinds', text: 'Kinds', icon: IconClock, key: 'k' },
      { to: '/provider', text: 'Provider', icon: IconCloudUp },
      { to: '/webhooks', text: 'Webhooks', icon: IconWebhook, key: 'w' },
      { to: '/events', text: 'Events', icon: IconTimeline, key: 'e' },
      { to: '/audit', text: 'Audit', icon: IconHistory },
    ],
  },
];

const TENANT: readonly PlaceGroup[] = [
  {
    title: null,
    places: [
      { to: '/overview', text: 'Overview', icon: IconHome, key: 'h' },
      { to: '/inventory', text: 'My resources', icon: IconStack2, key: 'r', count: 'resources' },
      { to: '/order', text: 'Order', icon: IconCirclePlus },
      { to: '/sagas', text: 'My requests', icon: IconRoute, key: 's', count: 'sagas' },
    ],
  },
  {
    title: 'Money',
    places: [
      { to: '/costs', text: 'Costs', icon: IconChartBar, key: 'c' },
      { to: '/invoices', text: 'Invoices', icon: IconFileDollar, key: 'b' },
      { to: '/payments', text: 'Payments', icon: IconCoins, also: ['/credit-notes', '/wallets'] },
    ],
  },
  {
    title: 'More',
    places: [
      { to: '/dns', text: 'DNS records', icon: IconNetwork, key: 'n' },
      { to: '/expiring', text: 'What expires', icon: IconCalendarDue, key: 'x' },
      { to: '/events', text: 'Events', icon: IconTimeline, key: 'e' },
      { to: '/webhooks', text: 'Webhooks', icon: IconWebhook, key: 'w' },
    ],
  },
];

export const placesOf = (isAdmin: boolean): readonly PlaceGroup[] => (isAdmin ? ADMIN : TENANT);

export function isAt(pathname: string, to: string): boolean {
  return pathname === to || pathname.startsWith(`${to}/`) || (to === '/inventory' && pathname.startsWith('/resources/'));
}

/** Numbers as they are read, by what a place counts. A place with none has nothing to do. */
export type Counts = Readonly<Record<string, string | undefined>>;

/** The places of a caller, with the numbers that the shell knows. */
export function PlaceList({ groups, counts }: { readonly groups: readonly PlaceGroup[]; readonly counts: Counts }) {
  const { pathname } = useLocation();
  return groups.map(({ title, places }) => (
    <div key={title ?? ''}>
      {title && <h2>{title}</h2>}
      {places.map(({ to, text, icon: Icon, count: counted, hot, also = [] }) => {
        const number = counted === undefined ? undefined : counts[counted];
        const here = [to, ...also].some((address) => isAt(pathname, address));
        return (
          <Link key={to} to={to} className={here ? 'on' : ''} aria-current={here ? 'page' : undefined}>
            <Icon size={16} stroke={1.75} aria-hidden />
            {text}
            {number !== undefined && number !== '0' && <span className={hot ? 'ct hot' : 'ct'}>{number}</span>}
          </Link>
        );
      })}
    </div>
  ));
}
