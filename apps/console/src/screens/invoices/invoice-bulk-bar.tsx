import { useState } from 'react';
import { BULK_VERBS, BulkDialog, BulkSummary, type Bill, type BulkResult, type BulkVerb } from './invoice-bulk-dialog';
import { TEXTS } from './texts';

interface BulkBarProps {
  /** The selected ones. */
  readonly rows: readonly Bill[];
  readonly clear: () => void;
}

/** Below the list, as soon as invoices are selected; then the result of each. */
export function InvoiceBulkBar({ rows, clear }: BulkBarProps) {
  const [asking, setAsking] = useState<BulkVerb | null>(null);
  const [done, setDone] = useState<BulkResult | null>(null);
  const { bulk, verbs } = TEXTS;
  if (rows.length === 0 && done === null && asking === null) return null;
  const finish = (result: BulkResult) => {
    setDone(result);
    clear();
  };
  return (
    <div className="bulk" role="region" aria-label={bulk.label}>
      {rows.length === 0 && done ? (
        <>
          <BulkSummary {...done} />
          <button type="button" className="btn quiet sml" style={{ marginLeft: 'auto' }} onClick={() => setDone(null)}>
            {bulk.close}
          </button>
        </>
      ) : (
        <>
          <b className="tn">{bulk.selected(rows.length)}</b>
          <span className="go" style={{ margin: '0 0 0 auto' }}>
            {BULK_VERBS.map((verb) => (
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
      {asking && <BulkDialog rows={rows} verb={asking} done={finish} close={() => setAsking(null)} />}
    </div>
  );
}
