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
import { monthlyOf } from './inventory-columns';
import { TEXTS } from './texts';

type Action = Schemas['BulkBody']['action'];
type Outcome = Schemas['BulkResponse'];

const ACTIONS: readonly Action[] = ['assign', 'protect', 'unprotect', 'adopt'];

interface BulkBarProps {
  readonly rows: readonly Resource[];
  readonly clear: () => void;
}

/** Below the table, as soon as rows are selected: how many, their price, and what can be done with all of them. */
export function BulkBar({ rows, clear }: BulkBarProps) {
  const [asking, setAsking] = useState<Action | null>(null);
  const [done, setDone] = useState<string | null>(null);
  if (rows.length === 0 && done === null && asking === null) return null;
  const monthly = sumOf(rows.flatMap(({ price }) => (price?.monthly === undefined ? [] : [monthlyOf(price)])));
  const { bulk } = TEXTS;
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
          <b className="tn">{bulk.selected(rows.length)}</b>
          <span className="dim tn">{bulk.monthly(money(monthly))}</span>
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
      {asking && <BulkDialog rows={rows} action={asking} done={(outcome) => finish(asking, outcome)} close={() => setAsking(null)} />}
    </div>
  );
}

interface BulkDialogProps {
  readonly rows: readonly Resource[];
  readonly action: Action;
  readonly done: (outcome: Outcome) => void;
  readonly close: () => void;
}

/** Shows what would change and what would be skipped before it is confirmed. */
function BulkDialog({ rows: asked, action, done, close }: BulkDialogProps) {
  const [rows] = useState(asked); // the list behind it goes on while the dialog is open, and a row that is changed may leave it
  const client = useQueryClient();
  const [tenant, setTenant] = useState<string | null>(null);
  const tenants = useTenantOptions();
  const isAsked = action !== 'assign' || tenant !== null;
  const body: Schemas['BulkBody'] = { action, ids: rows.map(({ id }) => id), ...(action === 'assign' && { tenant_id: tenant }) };
  const preview = useQuery({
    queryKey: ['bulk-preview', action, tenant, body.ids],
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
      title={bulk.title(bulk.verbs[action], rows.length)}
      button={bulk.button(bulk.verbs[action], planned?.changed ?? rows.length)}
      reason="required"
      ready={isAsked && planned !== undefined && planned.changed > 0 && !preview.isFetching}
      confirm={act}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {bulk.texts[action]}
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
