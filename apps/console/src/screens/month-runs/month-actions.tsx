import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { monthText } from '../../parts/format';
import { IconRefresh } from '../../parts/icons';
import { BulkDialog, type Bill, type BulkResult, type BulkVerb } from '../invoices/invoice-bulk-dialog';
import { isOpenRun, type Run } from '../pnl/pnl-data';
import { isInvoiced, isStopped, type Invoiced, type MonthRow } from './month-rows';
import { TEXTS } from './texts';

/** What the dialog of many invoices knows of one. */
export const billOf = ({ invoice_id: id, tenant_id, currency, net, total }: Invoiced): Bill => ({ id, tenant_id, currency, net, total });

interface MonthActionsProps {
  readonly period: string;
  readonly run: Run | undefined;
  readonly isRated: boolean;
  readonly rows: readonly MonthRow[];
  readonly done: (result: BulkResult) => void;
}

/** The steps of a month in their order; what comes next is the main button. */
export function MonthActions({ period, run, isRated, rows, done }: MonthActionsProps) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<'run' | 'build' | BulkVerb | null>(null);
  const built = rows.filter(isInvoiced);
  const good = built.filter((row) => row.state === 'draft' && !isStopped(row));
  const ready = built.filter(({ state }) => state === 'ready');
  const month = monthText(period);
  const start = async (reason: string | undefined) => {
    await answered(api.POST('/api/v1/billing-runs', { body: { period, ...(reason && { reason }) } }));
    await client.invalidateQueries({ queryKey: ['billing-runs'] });
  };
  const build = async (reason: string | undefined) => {
    await answered(api.POST('/api/v1/tenant-invoices/build', { body: { period, ...(reason && { reason }) } }));
    await Promise.all(['invoices', 'billing-runs'].map((key) => client.invalidateQueries({ queryKey: [key] })));
  };
  const isRunning = isOpenRun(run);
  const main = !isRated ? 'run' : good.length > 0 ? 'approve' : ready.length > 0 ? 'issue' : built.length === 0 ? 'build' : null;
  const look = (step: typeof main) => (step === main ? 'btn pri' : 'btn');
  const close = () => setAsking(null);
  return (
    <>
      <button type="button" className={look('run')} disabled={isRunning} onClick={() => setAsking('run')}>
        <IconRefresh size={16} stroke={1.75} aria-hidden />
        {isRated ? TEXTS.run.again : TEXTS.run.start(month)}
      </button>
      {isRated && (
        <button type="button" className={look('build')} disabled={isRunning} onClick={() => setAsking('build')}>
          {built.length === 0 ? TEXTS.build.button : TEXTS.build.refresh}
        </button>
      )}
      {good.length > 0 && (
        <button type="button" className={look('approve')} onClick={() => setAsking('approve')}>
          {TEXTS.approve(good.length)}
        </button>
      )}
      {ready.length > 0 && (
        <button type="button" className={look('issue')} onClick={() => setAsking('issue')}>
          {TEXTS.issue(ready.length)}
        </button>
      )}
      {asking === 'run' && (
        <Confirm title={TEXTS.run.title(month)} button={TEXTS.run.start(month)} reason="optional" confirm={start} close={close}>
          <p>{TEXTS.run.text}</p>
        </Confirm>
      )}
      {asking === 'build' && (
        <Confirm title={TEXTS.build.title(month)} button={TEXTS.build.button} reason="optional" confirm={build} close={close}>
          <p>{TEXTS.build.text}</p>
        </Confirm>
      )}
      {(asking === 'approve' || asking === 'issue') && (
        <BulkDialog rows={(asking === 'approve' ? good : ready).map(billOf)} verb={asking} done={done} close={close} />
      )}
    </>
  );
}
