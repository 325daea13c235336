import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from '@tanstack/react-router';
import { answered, api } from '../../client/client';
import { IconPlus } from '../../parts/icons';
import { PageHead, Screen } from '../../parts/page';
import { ErrorState } from '../../parts/states';
import { Status } from '../../parts/status';
import { usePollMs } from '../../shell/live';
import { useSession } from '../../shell/session';
import './home.css';
import { HappenedCard, InvoiceCard, RequestsCard } from './latest-cards';
import { LimitsCard } from './limits-card';
import { MonthCard } from './month-card';
import { ResourcesCard } from './resources-card';
import { TEXTS } from './texts';

const POLL_MS = 30_000;

/** Where a session begins: operators at what needs a decision, tenants at their own page. */
export function StartScreen() {
  const { isAdmin } = useSession();
  return <Navigate to={isAdmin ? '/inbox' : '/overview'} replace />;
}

/** What a tenant has, what it costs, how much more it may order, and what it asked for last. */
export function HomeScreen() {
  const { session } = useSession();
  const me = useQuery({ queryKey: ['me'], queryFn: () => answered(api.GET('/api/v1/me')), refetchInterval: usePollMs(POLL_MS) });
  const { usage, limits, tenant } = me.data?.data ?? {};
  return (
    <Screen>
      <PageHead
        title={tenant?.name ?? session.tenant_id ?? TEXTS.title}
        badges={tenant?.status && tenant.status !== 'active' && <Status of="tenant" value={tenant.status} pill />}
        sub={usage && TEXTS.sub(sumOf(usage.resources), usage.running_sagas)}
        actions={
          <Link to="/order" className="btn pri">
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {TEXTS.order}
          </Link>
        }
      />
      {me.error && <ErrorState error={me.error} retry={() => void me.refetch()} />}
      <div className="hm">
        <div className="grid">
          <MonthCard usage={usage} isFailed={me.error !== null && !me.data} />
          <ResourcesCard />
        </div>
        <div className="grid">
          <RequestsCard />
          <InvoiceCard />
          {usage && limits && <LimitsCard usage={usage} limits={limits} />}
          <HappenedCard />
        </div>
      </div>
    </Screen>
  );
}

const sumOf = (counts: Readonly<Record<string, unknown>>): number =>
  Object.values(counts).reduce<number>((sum, one) => sum + Number(one), 0);
