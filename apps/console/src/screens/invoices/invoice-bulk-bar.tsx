import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { count, words } from '../../parts/format';
import { Facts } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];
type Outcome = Schemas['BulkInvoicesResponse'];

const VERBS = ['refresh', 'approve', 'issue'] as const;
type Verb = (typeof VERBS)[number];

/** Below the list, as soon as invoices are selected. */
export function InvoiceBulkBar({ rows, clear }: { readonly rows: readonly Invoice[]; readonly clear: () => void }) {
  const [asking, setAsking] = useState<Verb | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const { bulk, verbs } = TEXTS;
  if (rows.length === 0 && done === null) return null;
  const finish = (verb: Verb, outcome: Outcome) => {
    setDone(bulk.done(verbs[verb], outcome.done, outcome.refused));
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
          <span className="go" style={{ margin: '0 0 0 auto' }}>
            {VERBS.map((verb) => (
              <button key={verb} type="button" className="btn sml" onClick={() => setAsking(verb)}>
                {verbs[verb]}…
              </button>
            ))}
            <button type="button" className="btn quiet sml" onClick={clear}>
              {bulk.clear}
            </button>
          </span>
        </>
      )}
      {asking && <BulkDialog rows={rows} verb={asking} done={(outcome) => finish(asking, outcome)} close={() => setAsking(null)} />}
    </div>
  );
}

interface BulkDialogProps {
  readonly rows: readonly Invoice[];
  readonly verb: Verb;
  readonly done: (outcome: Outcome) => void;
  readonly close: () => void;
}

/** Shows what would change, and why the others would not, before it is confirmed. */
function BulkDialog({ rows, verb, done, close }: BulkDialogProps) {
  const client = useQueryClient();
  const ids = rows.map(({ id }) => id);
  const preview = useQuery({
    queryKey: ['invoices-preview', verb, ids],
    queryFn: () =>
      answered(
        api.POST('/api/v1/tenant-invoices/bulk', { params: { query: { dry_run: 'true' } }, body: { verb, ids, reason: 'preview' } }),
      ),
    gcTime: 0,
    retry: false,
  });
  const planned = preview.data?.data;
  const act = async (reason: string | undefined) => {
    const { data } = await answered(api.POST('/api/v1/tenant-invoices/bulk', { body: { verb, ids, reason: reason ?? '' } }));
    await client.invalidateQueries({ queryKey: ['invoices'] });
    done(data);
  };
  const { bulk, verbs } = TEXTS;
  const codes = [...new Set(planned?.results.map(({ code }) => code).filter((code) => code !== 'done'))];
  const ofCode = (code: string): number => planned?.results.filter((one) => one.code === code).length ?? 0;
  return (
    <Confirm
      title={bulk.title(verbs[verb], rows.length)}
      button={`${verbs[verb]} ${count(planned?.done ?? rows.length)}`}
      reason="required"
      ready={planned !== undefined && planned.done > 0}
      confirm={act}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {bulk.text}
      </p>
      {preview.error && <ErrorState error={preview.error} retry={() => void preview.refetch()} />}
      {preview.isPending && <Skeleton lines={2} />}
      {planned && (
        <Facts
          right
          rows={[
            [bulk.would, <b key="would">{count(planned.done)}</b>],
            [bulk.wouldNot, count(planned.refused)],
            ...codes.map((code) => [words(code), count(ofCode(code))] as const),
          ]}
        />
      )}
    </Confirm>
  );
}
