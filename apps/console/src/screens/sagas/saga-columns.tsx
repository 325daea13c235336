import type { Saga } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { duration, moneyDelta } from '../../parts/format';
import { IconPlayerPause } from '../../parts/icons';
import { isOpen, sagaTitle, stepsDone } from '../../parts/sagas';
import { Badge, Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { TenantName } from '../../shell/counts';
import { TEXTS } from './texts';

/** An error of an earlier try is no news any more. */
const ENDED_WELL = new Set<string>(['completed']);

/** The state, and beside it that it is paused. */
export function SagaState({ saga }: { readonly saga: Saga }) {
  if (saga.paused_at === null) return <Status of="saga" value={saga.status} />;
  return (
    <Badge tone="wait" icon={IconPlayerPause}>
      {TEXTS.paused}
    </Badge>
  );
}

const whyText = ({ error, status, approval, paused_at: pausedAt, pause_reason: reason }: Saga): string => {
  if (pausedAt !== null && reason) return reason;
  if (approval?.decision === null) return approval.why;
  return ENDED_WELL.has(status) ? '' : (error?.detail ?? '');
};

const COLUMNS: readonly Column<Saga>[] = [
  {
    id: 'what',
    head: TEXTS.heads.what,
    cell: (saga) => (
      <span className="nm">
        <span className="trunc" title={sagaTitle(saga)}>
          {sagaTitle(saga)}
        </span>
      </span>
    ),
  },
  { id: 'state', head: TEXTS.heads.state, width: 146, cell: (saga) => <SagaState saga={saga} /> },
  {
    id: 'why',
    head: TEXTS.heads.why,
    width: 180,
    wide: true,
    cell: (saga) => (
      <span className="dim" title={whyText(saga)}>
        {whyText(saga)}
      </span>
    ),
  },
  { id: 'step', head: TEXTS.heads.step, width: 60, numeric: true, cell: (saga) => TEXTS.stepOf(stepsDone(saga), saga.steps.length) },
  {
    id: 'cost',
    head: TEXTS.heads.cost,
    width: 88,
    numeric: true,
    wide: true,
    cell: ({ cost }) => {
      const delta = cost?.delta_monthly ?? null;
      if (delta === null) return <span className="dim">{TEXTS.noPrice}</span>;
      return Number(delta) === 0 ? <span className="dim">{moneyDelta(delta)}</span> : moneyDelta(delta);
    },
  },
  { id: 'tenant', head: TEXTS.heads.tenant, width: 100, cell: ({ tenant_id: id }) => (id === null ? '' : <TenantName id={id} />) },
  {
    id: 'by',
    head: TEXTS.heads.by,
    width: 118,
    cell: ({ created_by: by, reason }) => (
      <span className="mid" title={reason ?? undefined}>
        {by}
      </span>
    ),
  },
  {
    id: 'started',
    head: TEXTS.heads.started,
    width: 80,
    numeric: true,
    sort: 'created_at',
    cell: ({ created_at: at }) => <Age at={at} />,
  },
  {
    id: 'moved',
    head: TEXTS.heads.moved,
    width: 80,
    numeric: true,
    wide: true,
    sort: 'updated_at',
    cell: ({ updated_at: at }) => <Age at={at} />,
  },
  {
    id: 'took',
    head: TEXTS.heads.took,
    width: 68,
    numeric: true,
    cell: ({ duration_ms: ms }) => <span className="dim">{ms === null ? '' : duration(ms)}</span>,
  },
];

const FOR_TENANTS = COLUMNS.filter(({ id }) => id !== 'tenant');

export const sagaColumns = (isAdmin: boolean): readonly Column<Saga>[] => (isAdmin ? COLUMNS : FOR_TENANTS);

export function SagaItem({ saga }: { readonly saga: Saga }) {
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
        <SagaState saga={saga} />
        <span className="dim">
          {[isOpen(saga) ? TEXTS.stepOf(stepsDone(saga), saga.steps.length) : null, saga.tenant_id].filter(Boolean).join(' · ')}
        </span>
      </span>
    </div>
  );
}
