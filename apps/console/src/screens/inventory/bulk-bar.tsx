import { Select } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { count, money, sumOf, words } from '../../parts/format';
import { Facts } from '../../parts/page';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import type { Filters } from '../../shell/search';
import { monthlyOf } from './inventory-columns';
import { TEXTS } from './texts';

type Action = Schemas['BulkBody']['action'];
type Outcome = Schemas['BulkResponse'];

const ACTIONS: readonly Action[] = ['assign', 'protect', 'unprotect', 'adopt'];

/** The longest change that the API takes. */
const MOST = 10_000;

interface BulkBarProps {
  /** What is selected. */
  readonly rows: readonly Resource[];
  /** How many rows of the list are on the page. */
  readonly loaded: number;
  /** Number and price of all that match. */
  readonly matching: Schemas['ResourceListResponse']['totals'];
  readonly filter: Filters;
  readonly clear: () => void;
}

/** Below the table, as soon as rows are selected: how many, their price, and what can be done with all of them. */
export function BulkBar({ rows, loaded, matching, filter, clear: clearRows }: BulkBarProps) {
  const [wasChosen, setChosen] = useState<string | null>(null);
  const [asking, setAsking] = useState<Action | null>(null);
  const [done, setDone] = useState<string | null>(null);
  if (rows.length === 0 && done === null && asking === null) return null;
  const monthly = sumOf(rows.flatMap(({ price }) => (price?.monthly === undefined ? [] : [monthlyOf(price)])));
  const { bulk } = TEXTS;
  const isWhole = rows.length > 0 && rows.length === loaded;
  const choice = JSON.stringify([filter, rows.length]); // it ends with another filter or selection, not when more rows are loaded
  const chosen = wasChosen === choice ? matching : undefined;
  const offered = isWhole && matching && matching.count > loaded && !chosen ? matching : undefined;
  const clear = () => {
    setChosen(null);
    clearRows();
  };
  const finish = (action: Action, { changed, skipped }: Outcome) => {
    setDone(bulk.done(bulk.past[action], changed, skipped.length));
    clear();
  };
  return (
    <div className="bulk" role="region" aria-label={bulk.label}>
      {rows.length === 0 ? (
        <>
          <span role="status">{done}</span>
          <button type="button" className="btn quiet sml" style={{ marginLeft: 'auto' }} onClick={() => setDone(null)}>
            {bulk.close}
          </button>
        </>
      ) : (
        <>
          <b className="tn">{chosen ? bulk.allSelected(chosen.count) : bulk.selected(rows.length)}</b>
          <span className="dim tn">{bulk.monthly(money(chosen ? chosen.monthly : monthly))}</span>
          {offered && <AllThatMatch howMany={offered.count} filter={filter} choose={() => setChosen(choice)} />}
          <span className="go" style={{ margin: '0 0 0 auto' }}>
            {ACTIONS.map((action) => (
              <button key={action} type="button" className="btn sml" onClick={() => setAsking(action)}>
                {bulk.verbs[action]}…
              </button>
            ))}
            <button type="button" className="btn quiet sml" onClick={clear}>
              {bulk.clear}
            </button>
          </span>
        </>
      )}
      {asking && (
        <BulkDialog
          chosen={chosen ? { filter } : { ids: rows.map(({ id }) => id) }}
          howMany={chosen ? chosen.count : rows.length}
          action={asking}
          done={(outcome) => finish(asking, outcome)}
          close={() => setAsking(null)}
        />
      )}
    </div>
  );
}

interface AllThatMatchProps {
  readonly howMany: number;
  readonly filter: Filters;
  readonly choose: () => void;
}

/** After all rows of the page were selected: the way to the others, or why there is none. */
function AllThatMatch({ howMany, filter, choose }: AllThatMatchProps) {
  const { bulk } = TEXTS;
  if (Object.keys(filter).length === 0) return <span className="dim">{bulk.noFilter(howMany)}</span>;
  if (howMany > MOST) return <span className="dim">{bulk.tooMany(howMany, MOST)}</span>;
  return (
    <button type="button" className="btn quiet sml" onClick={choose}>
      {bulk.all(howMany)}
    </button>
  );
}

/** Resources by their ids, or all that match the filters of the list. */
type Chosen = { readonly ids: string[] } | { readonly filter: Filters };

interface BulkDialogProps {
  readonly chosen: Chosen;
  readonly howMany: number;
  readonly action: Action;
  readonly done: (outcome: Outcome) => void;
  readonly close: () => void;
}

/** Shows what would change and what would be skipped before it is confirmed. */
function BulkDialog({ chosen: asked, howMany: counted, action, done, close }: BulkDialogProps) {
  const [{ chosen, howMany }] = useState({ chosen: asked, howMany: counted }); // the list behind it goes on while the dialog is open, and a row that is changed may leave it
  const client = useQueryClient();
  const [tenant, setTenant] = useState<string | null>(null);
  const tenants = useTenantOptions();
  const isAsked = action !== 'assign' || tenant !== null;
  const body: Schemas['BulkBody'] = { action, ...chosen, ...(action === 'assign' && { tenant_id: tenant }) };
  const isAll = 'filter' in chosen;
  const preview = useQuery({
    queryKey: ['bulk-preview', action, tenant, chosen],
    queryFn: () => answered(api.POST('/api/v1/inventory/bulk', { params: { query: { dry_run: 'true' } }, body })),
    enabled: isAsked,
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  const planned = preview.data?.data;
  const act = async (reason: string | undefined) => {
    const { data } = await answered(api.POST('/api/v1/inventory/bulk', { body: { ...body, ...(reason && { reason }) } }));
    await renew(client, 'resource', 'drift', 'tenant');
    done(data);
  };
  const { bulk } = TEXTS;
  return (
    <Confirm
      title={bulk.title(bulk.verbs[action], howMany)}
      button={bulk.button(bulk.verbs[action], planned?.changed ?? howMany)}
      reason="required"
      {...(isAll && planned && { danger: true, typed: String(planned.changed) })}
      ready={isAsked && planned !== undefined && planned.changed > 0 && !preview.isFetching}
      confirm={act}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {bulk.texts[action]} {isAll && bulk.allText}
      </p>
      {action === 'assign' && (
        <Select label={bulk.tenant} data={[...tenants]} value={tenant} onChange={setTenant} searchable required mb={10} data-autofocus />
      )}
      {preview.error && <ErrorState error={preview.error} retry={() => void preview.refetch()} />}
      {isAsked && preview.isPending && <Skeleton lines={2} />}
      {planned && <Preview planned={planned} />}
    </Confirm>
  );
}

function Preview({ planned: { changed, skipped } }: { readonly planned: Outcome }) {
  const { bulk } = TEXTS;
  const codes = [...new Set(skipped.map(({ code }) => code))];
  return (
    <>
      <Facts
        right
        rows={[
          [bulk.changes, <b key="changes">{count(changed)}</b>],
          [bulk.skips, count(skipped.length)],
          ...codes.map((code) => [words(code), count(skipped.filter((one) => one.code === code).length)] as const),
        ]}
      />
      {changed === 0 && <Note tone="info">{bulk.nothing}</Note>}
    </>
  );
}
