import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { BarChart, Legend } from '../../parts/chart';
import { count, dateText } from '../../parts/format';
import { IconBan } from '../../parts/icons';
import { kindsHead } from '../../parts/kinds';
import { Card, Detail, Facts, PageHead } from '../../parts/page';
import { Copyable, ErrorState, Skeleton } from '../../parts/states';
import { Badge, Status } from '../../parts/status';
import { lastMonths, useMonths } from '../costs/cost-history';
import { BillingProfileCard } from '../billing-settings/profile-card';
import { LimitsCard } from './limits-card';
import { ProfileDialog, StatusDialog } from './tenant-dialogs';
import './tenants.css';
import { TEXTS } from './texts';

type Tenant = Schemas['TenantResponse'];

export function TenantScreen() {
  const { id } = useParams({ from: '/tenants/$id' });
  const tenant = useQuery({
    queryKey: ['tenants', 'one', id],
    queryFn: () => answered(api.GET('/api/v1/tenants/{id}', { params: { path: { id } } })),
  });
  const [changing, setChanging] = useState(false);
  const found = tenant.data?.data;
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/tenants' }} queries={[tenant]}>
      {found && (
        <>
          <PageHead
            title={found.name}
            badges={
              <>
                <Status of="tenant" value={found.status} pill />
                {found.orders_blocked_reason && (
                  <Badge tone="warn" icon={IconBan} pill>
                    {TEXTS.blocked}
                  </Badge>
                )}
              </>
            }
            crumbs={[{ text: TEXTS.title, to: '/tenants' }, { text: found.id }]}
            actions={
              <>
                <Link className="btn" to="/sagas" search={{ tenant_id: id }}>
                  {TEXTS.page.seeSagas}
                </Link>
                <Link className="btn" to="/inventory" search={{ tenant_id: id }}>
                  {TEXTS.page.seeResources}
                </Link>
                <button type="button" className="btn" onClick={() => setChanging(true)}>
                  {TEXTS.page.status}
                </button>
              </>
            }
          />
          <div className="tn-page">
            <div className="grid">
              <CostsCard id={id} />
              <UsageCard tenant={found} />
            </div>
            <div className="grid">
              <LimitsCard id={id} name={found.name} usage={found.usage} />
              <BillingProfileCard tenant={id} />
              <ProfileCard tenant={found} />
            </div>
          </div>
          {changing && <StatusDialog tenant={found} close={() => setChanging(false)} />}
        </>
      )}
    </Detail>
  );
}

/** The latest months of the tenant by kind, the running one unfinished. */
function CostsCard({ id }: { readonly id: string }) {
  const months = useMonths('kind', true, { tenant_id: id });
  const running = lastMonths(1)[0];
  return (
    <Card title={TEXTS.page.costs} right={months.data && <Legend series={months.data.series} />} pad>
      {months.error && <ErrorState error={months.error} retry={() => void months.refetch()} />}
      {months.isPending && <Skeleton />}
      {months.data && (
        <BarChart
          label={TEXTS.page.costsLabel}
          {...months.data}
          bars={months.data.bars.map((bar) => ({ ...bar, open: bar.id === running }))}
        />
      )}
      <p style={{ marginTop: 8 }}>
        <Link to="/costs" search={{ tenant_id: id, by: 'kind' }}>
          {TEXTS.page.seeCosts}
        </Link>
      </p>
    </Card>
  );
}

/** How many of each kind; each number leads to its rows. */
function UsageCard({ tenant: { id, usage } }: { readonly tenant: Tenant }) {
  const { page } = TEXTS;
  const kinds = Object.entries(usage.resources).sort(([, a], [, b]) => Number(b) - Number(a));
  const sums: readonly (readonly [string, string])[] = [
    [page.vcpus, count(usage.vcpus)],
    [page.memory, `${count(usage.memory_gib)} GiB`],
    [page.volumes, `${count(usage.volume_gib)} GiB`],
    [page.drift, count(usage.open_drift)],
    [page.running, count(usage.running_sagas)],
  ];
  return (
    <Card title={page.usage} pad>
      <dl className="figures">
        {kinds.map(([kind, howMany]) => (
          <div key={kind}>
            <dt>{kindsHead(kind)}</dt>
            <dd>
              <Link to="/inventory" search={{ tenant_id: id, kind }}>
                {count(Number(howMany))}
              </Link>
            </dd>
          </div>
        ))}
        {sums.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function ProfileCard({ tenant }: { readonly tenant: Tenant }) {
  const [asked, setAsked] = useState<Tenant | null>(null); // the tenant as it was when the dialog opened
  const { page } = TEXTS;
  return (
    <Card
      title={page.profile}
      right={
        <button type="button" className="btn sml" onClick={() => setAsked(tenant)}>
          {page.editProfile}
          <span className="vh"> {page.profile}</span>
        </button>
      }
      pad
    >
      <Facts
        rows={[
          [page.id, <Copyable key="id" text={tenant.id} />],
          [page.contact, tenant.contact_email],
          [page.notes, tenant.notes && <span style={{ whiteSpace: 'pre-line' }}>{tenant.notes}</span>],
          [TEXTS.blocked, tenant.orders_blocked_reason],
          [page.source, page.sources[tenant.source]],
          [page.created, dateText(tenant.created_at)],
          [page.closed, tenant.closed_at && dateText(tenant.closed_at)],
        ]}
      />
      {asked && <ProfileDialog tenant={asked} close={() => setAsked(null)} />}
    </Card>
  );
}
