import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from '@tanstack/react-router';
import { answered, api, type Schemas } from '../../client/client';
import { count, money, monthText } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import { Card, Facts, PageHead, Screen } from '../../parts/page';
import { sagaTitle } from '../../parts/sagas';
import { ErrorState, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { useSession } from '../../shell/session';
import './home.css';
import { TEXTS } from './texts';

const POLL_MS = 30_000;
const LATEST = 8;

type Me = Schemas['MeResponse'];
type Usage = NonNullable<Me['usage']>;
type LimitSet = NonNullable<Me['limits']>;

/** Where a session begins: operators at the inventory, tenants at their own page. */
export function StartScreen() {
  const { isAdmin } = useSession();
  return <Navigate to={isAdmin ? '/inventory' : '/overview'} replace />;
}

/** What a tenant has, what it costs, how much more it may order, and what it asked for last. */
export function HomeScreen() {
  const { session } = useSession();
  const me = useQuery({ queryKey: ['me'], queryFn: () => answered(api.GET('/api/v1/me')), refetchInterval: POLL_MS });
  const { usage, limits, tenant } = me.data?.data ?? {};
  return (
    <Screen>
      <PageHead
        title={TEXTS.title}
        badges={tenant?.status && <Status of="tenant" value={tenant.status} pill />}
        sub={tenant?.name ?? session.tenant_id}
        actions={
          <Link to="/order" className="btn pri">
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {TEXTS.order}
          </Link>
        }
      />
      {me.error && <ErrorState error={me.error} retry={() => void me.refetch()} />}
      {me.isPending && <Skeleton />}
      <div className="three">
        <div className="grid">
          <MonthCard usage={usage ?? null} />
          <RequestsCard />
        </div>
        {usage && limits && <LimitsCard usage={usage} limits={limits} />}
        {usage && <UsageCard usage={usage} />}
      </div>
    </Screen>
  );
}

/** The running month is an estimate until its invoice. */
function MonthCard({ usage }: { readonly usage: Usage | null }) {
  const costs = useQuery({
    queryKey: ['costs', 'month'],
    queryFn: () => answered(api.GET('/api/v1/costs', { params: { query: { group_by: 'kind' } } })),
    refetchInterval: POLL_MS,
  });
  const found = costs.data?.data;
  return (
    <Card title={TEXTS.month} pad>
      {costs.error && <ErrorState error={costs.error} retry={() => void costs.refetch()} />}
      {costs.isPending && <Skeleton lines={2} />}
      {found && (
        <p className="amount">
          <b className="tn">{money(found.amount)}</b> <span className="dim">{found.estimate ? TEXTS.estimate : ''}</span>
        </p>
      )}
      <Facts
        right
        rows={[
          [TEXTS.rate, usage && money(usage.monthly_run_rate)],
          [
            TEXTS.last(usage?.last_invoiced ? monthText(usage.last_invoiced.period) : ''),
            usage?.last_invoiced && money(usage.last_invoiced.amount),
          ],
        ]}
      />
      <p style={{ marginTop: 10 }}>
        <Link to="/costs">{TEXTS.costs}</Link>
      </p>
    </Card>
  );
}

function UsageCard({ usage }: { readonly usage: Usage }) {
  const kinds = Object.entries(usage.resources).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Card title={TEXTS.resources} pad>
      <Facts
        right
        rows={kinds.map(([kind, howMany]) => [
          kindName(kind),
          <Link key={kind} to="/inventory" search={{ kind }}>
            {count(Number(howMany))}
          </Link>,
        ])}
      />
    </Card>
  );
}

const usedOf = ({ resources, vcpus, volume_gib: volumes, running_sagas: sagas, monthly_run_rate: rate }: Usage) => ({
  max_droplets: Number(resources.droplet ?? 0),
  max_vcpus: vcpus,
  max_volume_gib: volumes,
  max_snapshots: Number(resources.snapshot ?? 0),
  max_monthly_cost: Number(rate),
  open_sagas: sagas,
});

/** One bar for each limit; above nine tenths it warns. */
function LimitsCard({ usage, limits }: { readonly usage: Usage; readonly limits: LimitSet }) {
  const used = usedOf(usage);
  const names = Object.keys(used) as (keyof typeof used)[];
  const { rules } = TEXTS;
  return (
    <Card title={TEXTS.limits} right={TEXTS.limitsSub} pad>
      <ul className="bars">
        {names.map((name) => {
          const most = limits[name] === null ? null : Number(limits[name]);
          const share = most === null ? 0 : most === 0 ? 100 : Math.min(100, (used[name] / most) * 100);
          return (
            <li key={name}>
              <span>{TEXTS.names[name]}</span>
              <span className="num tn">{TEXTS.of(Math.round(used[name]), most)}</span>
              <span className="meter">
                <i className={share >= 90 ? 'warn' : 'acc'} style={{ width: `${share}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
      <Facts
        right
        rows={[
          [rules.approval, limits.approval_over_monthly !== null && money(limits.approval_over_monthly)],
          [rules.destroys, limits.max_destroys_per_hour !== null && count(limits.max_destroys_per_hour)],
          [rules.sizes, limits.allowed_sizes?.join(', ') ?? rules.all],
          [rules.regions, limits.allowed_regions?.join(', ') ?? rules.all],
        ]}
      />
    </Card>
  );
}

function RequestsCard() {
  const sagas = useQuery({
    queryKey: ['sagas', 'latest'],
    queryFn: () => answered(api.GET('/api/v1/sagas', { params: { query: { limit: LATEST } } })),
    refetchInterval: POLL_MS,
  });
  const found = sagas.data?.data ?? [];
  return (
    <Card title={TEXTS.requests} pad>
      {sagas.error && <ErrorState error={sagas.error} retry={() => void sagas.refetch()} />}
      {sagas.isSuccess && found.length === 0 && <p className="mid">{TEXTS.noRequests}</p>}
      <ul className="grid" style={{ gap: 6 }}>
        {found.map((saga) => (
          <li key={saga.id} style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
            <Link className="trunc" to="/sagas/$id" params={{ id: saga.id }}>
              {sagaTitle(saga)}
            </Link>
            <span style={{ marginLeft: 'auto', display: 'inline-flex', gap: 8 }}>
              <Status of="saga" value={saga.status} />
              <span className="dim sm">
                <Age at={saga.created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
