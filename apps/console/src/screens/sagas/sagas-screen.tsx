import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { answered, api, type Saga, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { duration } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { isOpen, sagaKindName, sagaTitle, stepsDone } from '../../parts/sagas';
import { EmptyState } from '../../parts/states';
import { Status, statusWord } from '../../parts/status';
import { Age } from '../../parts/time';
import { useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { TEXTS } from './texts';

const OPEN = 'pending,running,compensating';
const GAVE_UP = 'failed,compensation_failed,awaiting_approval';
const STATES = [
  'awaiting_approval',
  'rejected',
  'pending',
  'running',
  'compensating',
  'completed',
  'rolled_back',
  'failed',
  'compensation_failed',
];
const KINDS = [
  'provision_droplet',
  'destroy_droplet',
  'resize_droplet',
  'snapshot_droplet',
  'power_droplet',
  'revert_droplet',
  'revert_product',
  'upsert_dns_record',
  'delete_dns_record',
  'rename_droplet',
  'set_droplet_backups',
  'restore_droplet',
  'tag_resource',
  'create_volume',
  'attach_volume',
  'detach_volume',
  'resize_volume',
  'delete_volume',
  'delete_snapshot',
  'reserve_ip',
  'assign_ip',
  'unassign_ip',
  'release_ip',
  'create_firewall',
  'update_firewall',
  'attach_firewall',
];

/** An error of an earlier try is no news any more. */
const ENDED_WELL = new Set<string>(['completed']);

const COLUMNS: readonly Column<Saga>[] = [
  {
    id: 'what',
    head: TEXTS.heads.what,
    cell: (saga) => (
      <span className="nm">
        <span className="trunc">{sagaTitle(saga)}</span>
      </span>
    ),
  },
  { id: 'state', head: TEXTS.heads.state, width: 146, cell: ({ status }) => <Status of="saga" value={status} /> },
  {
    id: 'why',
    head: TEXTS.heads.why,
    width: 240,
    wide: true,
    cell: ({ error, status }) => (
      <span className="dim" title={error?.detail}>
        {ENDED_WELL.has(status) ? '' : (error?.detail ?? '')}
      </span>
    ),
  },
  { id: 'step', head: TEXTS.heads.step, width: 64, numeric: true, cell: (saga) => TEXTS.stepOf(stepsDone(saga), saga.steps.length) },
  { id: 'tenant', head: TEXTS.heads.tenant, width: 108, cell: ({ tenant_id: id }) => <b style={{ fontWeight: 550 }}>{id ?? ''}</b> },
  { id: 'by', head: TEXTS.heads.by, width: 140, cell: ({ created_by: by }) => <span className="mid">{by}</span> },
  { id: 'started', head: TEXTS.heads.started, width: 92, numeric: true, cell: ({ created_at: at }) => <Age at={at} /> },
  {
    id: 'took',
    head: TEXTS.heads.took,
    width: 78,
    numeric: true,
    cell: ({ duration_ms: ms }) => <span className="dim">{ms === null ? '' : duration(ms)}</span>,
  },
];

export function SagasScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const tenants = useTenantOptions();
  const list = useList<Saga, Schemas['SagaResponseList']>(
    ['sagas', filters],
    (cursor, signal) => answered(api.GET('/api/v1/sagas', { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
    { pollMs: 5_000 },
  );
  const columns = useMemo(() => COLUMNS.filter(({ id }) => isAdmin || id !== 'tenant'), [isAdmin]);
  const specs: readonly FilterSpec[] = [
    { name: 'kind', label: TEXTS.filters.kind, options: KINDS.map((value) => ({ value, label: sagaKindName(value) })) },
    {
      name: 'status',
      label: TEXTS.filters.status,
      options: STATES.map((value) => ({ value, label: statusWord('saga', value) })),
      display: statesText,
    },
    ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []),
    { name: 'created_by', label: TEXTS.filters.created_by },
  ];
  const views = [
    { text: TEXTS.views.all, status: undefined },
    { text: TEXTS.views.open, status: OPEN },
    { text: TEXTS.views.failed, status: GAVE_UP },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={isAdmin ? TEXTS.title : TEXTS.mine}
        beside={
          <div className="seg" role="group" aria-label="Views">
            {views.map(({ text, status }) => (
              <button key={text} type="button" aria-pressed={filters.status === status} onClick={() => change({ status })}>
                {text}
              </button>
            ))}
          </div>
        }
        actions={
          <Link to="/order" className="btn pri">
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {TEXTS.order}
          </Link>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={isAdmin ? TEXTS.title : TEXTS.mine}
        columns={columns}
        rowId={({ id }) => id}
        onOpen={({ id }) => void navigate({ to: '/sagas/$id', params: { id } })}
        item={(saga) => <SagaItem saga={saga} />}
        empty={<EmptyState {...(isAdmin ? TEXTS.empty : TEXTS.emptyTenant)} />}
      />
    </Screen>
  );
}

const statesText = (value: string): string =>
  value
    .split(',')
    .map((one) => statusWord('saga', one))
    .join(', ');

function SagaItem({ saga }: { readonly saga: Saga }) {
  return (
    <div className="item">
      <span />
      <b className="trunc" style={{ fontWeight: 550 }}>
        {sagaTitle(saga)}
      </b>
      <span className="dim sm">
        <Age at={saga.created_at} />
      </span>
      <span className="l2">
        <Status of="saga" value={saga.status} />
        <span className="dim">
          {[isOpen(saga) ? TEXTS.stepOf(stepsDone(saga), saga.steps.length) : null, saga.tenant_id].filter(Boolean).join(' · ')}
        </span>
      </span>
    </div>
  );
}
