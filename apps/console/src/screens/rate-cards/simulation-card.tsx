import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { CsvButton } from '../../parts/csv';
import { lessOf, plainDelta, plainMoney, sumOf } from '../../parts/format';
import { Card } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { PeriodSelect } from '../../parts/period-select';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { lastMonths } from '../costs/cost-history';
import { TEXTS } from './texts';

type Total = Schemas['TenantTotalResponse'];

const { simulate: WORDS } = TEXTS;
const MONTHS = 13;

/** What a past month would be under a version, tenant by tenant. It writes nothing. */
export function SimulationCard({ cardId, version }: { readonly cardId: string; readonly version: number }) {
  const months = lastMonths(MONTHS).slice(1);
  const [period, setPeriod] = useState(months[0] ?? '');
  const simulation = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/api/v1/rate-cards/{id}/versions/{version}/simulate', { params: { path: { id: cardId, version } }, body: { period } }),
      ),
  });
  const rows = simulation.data?.data;
  return (
    <Card title={WORDS.title}>
      <div className="pad go">
        <PeriodSelect
          label={WORDS.month}
          months={months}
          value={period}
          choose={(next) => {
            setPeriod(next);
            simulation.reset();
          }}
        />
        <button type="button" className="btn" disabled={simulation.isPending} onClick={() => simulation.mutate()}>
          {rows ? WORDS.again : WORDS.button}
        </button>
        {rows && (
          <CsvButton
            name={`simulation-${period}-v${version}.csv`}
            columns={[
              ['tenant', (row: Total) => row.tenant_id],
              ['now', (row: Total) => row.now],
              ['simulated', (row: Total) => row.simulated],
            ]}
            rows={rows}
          />
        )}
        <span className="dim sm">{WORDS.text}</span>
      </div>
      {simulation.error && <ErrorState error={simulation.error} retry={() => simulation.mutate()} />}
      {simulation.isPending && <Skeleton lines={4} />}
      {rows?.length === 0 && <EmptyState {...WORDS.none} />}
      {rows && rows.length > 0 && <SimulationTable rows={rows} period={period} />}
    </Card>
  );
}

/** The largest differences first. */
function SimulationTable({ rows, period }: { readonly rows: readonly Total[]; readonly period: string }) {
  const deltaOf = (row: Total) => Number(lessOf(row.simulated, row.now));
  const sorted = rows.toSorted((a, b) => Math.abs(deltaOf(b)) - Math.abs(deltaOf(a)) || a.tenant_id.localeCompare(b.tenant_id));
  const amounts = ({ now, simulated }: Pick<Total, 'now' | 'simulated'>) => {
    const delta = plainDelta(lessOf(simulated, now));
    return { now: plainMoney(now), simulated: plainMoney(simulated), delta: delta === '0.00' ? same : delta };
  };
  const sum = amounts({ now: sumOf(rows.map(({ now }) => now)), simulated: sumOf(rows.map(({ simulated }) => simulated)) });
  const columns: readonly PlainColumn<Total>[] = [
    {
      id: 'tenant',
      head: WORDS.heads.tenant,
      cell: ({ tenant_id: tenant }) => (
        <span className="nm">
          <Link className="trunc" to="/cost-lines" search={{ period, tenant_id: tenant }}>
            {tenant}
          </Link>
        </span>
      ),
      total: WORDS.total,
    },
    { id: 'now', head: WORDS.heads.now, numeric: true, width: 'money-col', cell: (row) => amounts(row).now, total: sum.now },
    {
      id: 'simulated',
      head: WORDS.heads.simulated,
      numeric: true,
      width: 'wide-col',
      wide: true,
      cell: (row) => amounts(row).simulated,
      total: sum.simulated,
    },
    { id: 'delta', head: WORDS.heads.delta, numeric: true, width: 'money-col', cell: (row) => amounts(row).delta, total: sum.delta },
  ];
  return <PlainTable label={WORDS.title} columns={columns} rows={sorted} rowId={({ tenant_id: id }) => id} />;
}

const same = <span className="dim">{WORDS.same}</span>;
