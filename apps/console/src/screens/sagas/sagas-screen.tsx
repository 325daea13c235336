import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Saga, type Schemas } from '../../client/client';
import { FilterChips, useFilters } from '../../parts/filters';
import { IconPlus } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { isOpen, sagaTitle } from '../../parts/sagas';
import { EmptyState } from '../../parts/states';
import { useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { SagaBulkBar } from './saga-bulk-bar';
import { sagaColumns, SagaItem } from './saga-columns';
import { askedFilters, sagaFilters } from './saga-filters';
import './sagas.css';
import { TEXTS } from './texts';

const OPEN = 'pending,running,compensating';
/** A step is no event, so a list with a saga at work is asked for. */
const BUSY_POLL_MS = 5_000;

/** The views beside the title: each is a set of filters. */
const VIEWS = [
  { text: TEXTS.views.all, status: undefined, needs_attention: undefined },
  { text: TEXTS.views.open, status: OPEN, needs_attention: undefined },
  { text: TEXTS.views.attention, status: undefined, needs_attention: 'true' },
] as const;

export function SagasScreen() {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const tenants = useTenantOptions();
  const asked = askedFilters(filters);
  const { sort, ...filter } = asked;
  const list = useList<Saga, Schemas['SagaResponseList']>(
    ['sagas', asked],
    (cursor, signal) => answered(api.GET('/api/v1/sagas', { params: { query: { ...asked, limit: 100, cursor } as never }, signal })),
    { pollMs: BUSY_POLL_MS, isBusy: (saga) => isOpen(saga) && saga.paused_at === null && saga.status !== 'awaiting_approval' },
  );
  const clear = () => setSelected(new Set());
  const specs = sagaFilters(isAdmin, tenants);
  return (
    <Screen fixed>
      <PageHead
        title={isAdmin ? TEXTS.title : TEXTS.mine}
        beside={
          <div className="seg" role="group" aria-label="Views">
            {VIEWS.map(({ text, ...view }) => (
              <button
                key={text}
                type="button"
                aria-pressed={filters.status === view.status && filters.needs_attention === view.needs_attention}
                onClick={() => change(view)}
              >
                {text}
              </button>
            ))}
          </div>
        }
        actions={
          <>
            {isAdmin && (
              <Link to="/sagas/bulk" className="btn">
                {TEXTS.job.list}
              </Link>
            )}
            <Link to="/order" className="btn pri">
              <IconPlus size={16} stroke={1.75} aria-hidden />
              {TEXTS.order}
            </Link>
          </>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={isAdmin ? TEXTS.title : TEXTS.mine}
        columns={sagaColumns(isAdmin)}
        sort={sort ?? '-created_at'}
        onSort={(next) => change({ sort: next })}
        rowId={({ id }) => id}
        rowName={sagaTitle}
        selection={isAdmin ? { ids: selected, set: setSelected } : undefined}
        onOpen={({ id }) => void navigate({ to: '/sagas/$id', params: { id } })}
        item={(saga) => <SagaItem saga={saga} />}
        filters={specs}
        empty={<EmptyState {...(isAdmin ? TEXTS.empty : TEXTS.emptyTenant)} />}
        foot={isAdmin && <SagaBulkBar rows={list.rows.filter(({ id }) => selected.has(id))} filter={filter} clear={clear} />}
      />
    </Screen>
  );
}
