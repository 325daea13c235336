import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { count, sumsText, words } from '../../parts/format';
import { Facts } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { TEXTS } from './texts';

/** What is said of an invoice: whose, and how much. */
export type Bill = Pick<Schemas['TenantInvoiceResponse'], 'id' | 'tenant_id' | 'currency' | 'net' | 'total'>;
export type BulkOutcome = Schemas['BulkInvoicesResponse'];

/** What became of the invoices that a verb was asked for. */
export interface BulkResult {
  readonly outcome: BulkOutcome;
  readonly rows: readonly Bill[];
}

export const BULK_VERBS = ['refresh', 'approve', 'issue'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

const MOST_NAMED = 12;

interface BulkDialogProps {
  readonly rows: readonly Bill[];
  readonly verb: BulkVerb;
  readonly done: (result: BulkResult) => void;
  readonly close: () => void;
}

/** Shows what would change, and why the others would not, before it is confirmed. */
export function BulkDialog({ rows: asked, verb, done, close }: BulkDialogProps) {
  const [rows] = useState(asked); // the list behind it goes on while the dialog is open
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
    await Promise.all(['invoices', 'billing-runs'].map((key) => client.invalidateQueries({ queryKey: [key] })));
    done({ outcome: data, rows });
  };
  const { bulk, verbs } = TEXTS;
  const willChange = new Set(planned?.results.flatMap(({ id, code }) => (code === 'done' ? [id] : [])));
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
            [
              verb === 'issue' ? bulk.sum : bulk.netSum,
              // Tax is decided at the approval, so invoices before it have a net only.
              sumsText(
                rows.filter(({ id }) => willChange.has(id)).map((bill) => [verb === 'issue' ? bill.total : bill.net, bill.currency]),
              ),
            ],
            [bulk.wouldNot, count(planned.refused)],
          ]}
        />
      )}
      {planned && <Refusals outcome={planned} rows={rows} />}
    </Confirm>
  );
}

/** What was done, and what was refused and why. */
export function BulkSummary({ outcome, rows }: BulkResult) {
  return (
    <div role="status">
      {TEXTS.bulk.done(TEXTS.verbs[outcome.verb], outcome.done, outcome.refused)}
      <Refusals outcome={outcome} rows={rows} />
    </div>
  );
}

/** Which invoices stay as they are, each with its reason. */
export function Refusals({ outcome, rows }: BulkResult) {
  const refused = outcome.results.filter(({ code }) => code !== 'done');
  if (refused.length === 0) return null;
  const names = new Map(rows.map(({ id, tenant_id: tenant }) => [id, tenant]));
  return (
    <ul className="refused" aria-label={TEXTS.bulk.wouldNot}>
      {refused.slice(0, MOST_NAMED).map(({ id, code, detail }) => (
        <li key={id}>
          <b>{names.get(id) ?? id.slice(-6)}</b> {detail ?? words(code)}
        </li>
      ))}
      {refused.length > MOST_NAMED && <li className="dim">{TEXTS.bulk.more(refused.length - MOST_NAMED)}</li>}
    </ul>
  );
}
