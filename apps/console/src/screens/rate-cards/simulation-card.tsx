import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { CsvButton } from '../../parts/csv';
import { plainDelta, plainMoney } from '../../parts/format';
import { Card } from '../../parts/page';
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
            head={['tenant', 'now', 'simulated']}
            rows={rows.map(({ tenant_id: id, now, simulated }) => [id, now, simulated])}
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

const numbersOf = ({ now, simulated }: Pick<Total, 'now' | 'simulated'>) => [Number(now), Number(simulated)] as const;

/** The largest differences first. */
function SimulationTable({ rows, period }: { readonly rows: readonly Total[]; readonly period: string }) {
  const deltaOf = (row: Total) => Number(row.simulated) - Number(row.now);
  const sorted = rows.toSorted((a, b) => Math.abs(deltaOf(b)) - Math.abs(deltaOf(a)) || a.tenant_id.localeCompare(b.tenant_id));
  const sums = rows.map(numbersOf).reduce(([a, b], [now, then]) => [a + now, b + then] as const, [0, 0] as const);
  return (
    <table className="mt" aria-label={WORDS.title}>
      <thead>
        <tr>
          <th scope="col">{WORDS.heads.tenant}</th>
          <th scope="col" className="num money-col">
            {WORDS.heads.now}
          </th>
          <th scope="col" className="num wide-col hide-m">
            {WORDS.heads.simulated}
          </th>
          <th scope="col" className="num money-col">
            {WORDS.heads.delta}
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((row) => (
          <tr key={row.tenant_id}>
            <td>
              <span className="nm">
                <Link className="trunc" to="/cost-lines" search={{ period, tenant_id: row.tenant_id }}>
                  {row.tenant_id}
                </Link>
              </span>
            </td>
            <Amounts of={numbersOf(row)} />
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td>{WORDS.total}</td>
          <Amounts of={sums} />
        </tr>
      </tfoot>
    </table>
  );
}

function Amounts({ of: [now, then] }: { readonly of: readonly [number, number] }) {
  const delta = Math.round((then - now) * 100) / 100;
  return (
    <>
      <td className="num">{plainMoney(String(now))}</td>
      <td className="num hide-m">{plainMoney(String(then))}</td>
      <td className="num">{delta === 0 ? <span className="dim">{WORDS.same}</span> : plainDelta(delta)}</td>
    </>
  );
}
