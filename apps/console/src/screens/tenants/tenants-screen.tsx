import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { useFields } from '../../parts/fields';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { count, money, plainMoney } from '../../parts/format';
import { IconBan, IconPlus } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState, Note } from '../../parts/states';
import { Badge, Status, statusWord } from '../../parts/status';
import { Age } from '../../parts/time';
import { renew } from '../../shell/live';
import { DefaultLimitsDialog } from './limits-card';
import { TEXTS } from './texts';

type Tenant = Schemas['TenantResponse'];

const STATES = ['active', 'suspended', 'offboarding', 'closed'];
const dropletsOf = ({ usage }: Tenant): number => Number(usage.resources.droplet ?? 0);
const number = (value: number) => (value === 0 ? <span className="dim">0</span> : count(value));

/** The cost of the month; a dash with its reason where it is not known. */
function MonthToDate({ tenant: { usage }, text }: { readonly tenant: Tenant; readonly text: (amount: string) => string }) {
  if (usage.month_to_date !== null) return <>{text(usage.month_to_date)}</>;
  return (
    <span className="dim" title={TEXTS.notSwept}>
      —<span className="vh"> {TEXTS.notSwept}</span>
    </span>
  );
}

const COLUMNS: readonly Column<Tenant>[] = [
  {
    id: 'name',
    head: TEXTS.heads.name,
    cell: ({ id, name }) => (
      <span className="nm">
        <span className="trunc">{name}</span>
        {name !== id && <span className="dim">{id}</span>}
      </span>
    ),
  },
  {
    id: 'status',
    head: TEXTS.heads.status,
    width: 170,
    cell: ({ status, orders_blocked_reason: reason }) =>
      reason === null ? (
        <Status of="tenant" value={status} />
      ) : (
        <Badge tone="warn" icon={IconBan}>
          {TEXTS.blocked}
        </Badge>
      ),
  },
  { id: 'droplets', head: TEXTS.heads.droplets, width: 90, numeric: true, cell: (tenant) => number(dropletsOf(tenant)) },
  { id: 'vcpus', head: TEXTS.heads.vcpus, width: 80, wide: true, numeric: true, cell: ({ usage }) => number(usage.vcpus) },
  { id: 'volumes', head: TEXTS.heads.volumes, width: 110, wide: true, numeric: true, cell: ({ usage }) => number(usage.volume_gib) },
  {
    id: 'cost',
    head: TEXTS.heads.cost,
    width: 110,
    numeric: true,
    cell: (tenant) => <MonthToDate tenant={tenant} text={plainMoney} />,
  },
  { id: 'drift', head: TEXTS.heads.drift, width: 70, numeric: true, cell: ({ usage }) => number(usage.open_drift) },
  { id: 'sagas', head: TEXTS.heads.sagas, width: 80, wide: true, numeric: true, cell: ({ usage }) => number(usage.running_sagas) },
  { id: 'since', head: TEXTS.heads.since, width: 100, numeric: true, wide: true, cell: ({ created_at: at }) => <Age at={at} /> },
];

export function TenantsScreen() {
  const navigate = useNavigate();
  const { filters } = useFilters();
  const [adding, setAdding] = useState(false);
  const [isChangingDefaults, setChangingDefaults] = useState(false);
  const list = useList<Tenant, Schemas['TenantResponseList']>(['tenants', filters], (cursor, signal) =>
    answered(api.GET('/api/v1/tenants', { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
  );
  const unknown = useQuery({
    queryKey: ['tenants-unknown'],
    queryFn: () => answered(api.GET('/api/v1/tenants/unknown', { params: { query: { limit: 20 } } })),
  });
  const specs: readonly FilterSpec[] = [
    { name: 'q', label: TEXTS.filters.q },
    { name: 'status', label: TEXTS.filters.status, options: STATES.map((value) => ({ value, label: statusWord('tenant', value) })) },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        actions={
          <>
            <button type="button" className="btn" onClick={() => setChangingDefaults(true)}>
              {TEXTS.defaults.button}
            </button>
            <button type="button" className="btn pri" onClick={() => setAdding(true)}>
              <IconPlus size={16} stroke={1.75} aria-hidden />
              {TEXTS.add}
            </button>
          </>
        }
      />
      <FilterChips specs={specs} />
      {unknown.data && unknown.data.data.length > 0 && (
        <div style={{ marginBottom: 10 }}>
          <Note tone="warn" title={TEXTS.unknown}>
            {unknown.data.data
              .map(({ id, project_name: project, nearest_id: nearest }) => TEXTS.unknownText(id, project, nearest))
              .join(' · ')}
            {unknown.data.page.next_cursor !== null && ` · ${TEXTS.unknownMore}`}
          </Note>
        </div>
      )}
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/tenants/$id', params: { id } })}
        item={(tenant) => (
          <div className="item">
            <span />
            <b className="trunc" style={{ fontWeight: 550 }}>
              {tenant.name}
            </b>
            <span className="tn">
              <MonthToDate tenant={tenant} text={money} />
            </span>
            <span className="l2">
              <Status of="tenant" value={tenant.status} />
              <span className="dim">{tenant.id}</span>
            </span>
          </div>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
      {isChangingDefaults && <DefaultLimitsDialog close={() => setChangingDefaults(false)} />}
      {adding && <RegisterDialog close={() => setAdding(false)} />}
    </Screen>
  );
}

function RegisterDialog({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const { fields, values, refuse } = useFields({ id: '', name: '', contact_email: '' }, null, { codes: { tenant_exists: 'id' } });
  const register = async (reason: string | undefined) => {
    const { id, name, contact_email: email } = values;
    await answered(api.POST('/api/v1/tenants', { body: { id, reason, ...(name && { name }), ...(email && { contact_email: email }) } }));
    await renew(client, 'tenant');
  };
  return (
    <Confirm title={TEXTS.register.title} button={TEXTS.register.button} reason="optional" confirm={register} refuse={refuse} close={close}>
      <div className="form">
        <TextInput label={TEXTS.register.id} description={TEXTS.register.idHelp} required data-autofocus {...fields.id} />
        <TextInput label={TEXTS.register.name} {...fields.name} />
        <TextInput label={TEXTS.register.email} type="email" {...fields.contact_email} />
      </div>
    </Confirm>
  );
}
