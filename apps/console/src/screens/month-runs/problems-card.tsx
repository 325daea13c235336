import { Link } from '@tanstack/react-router';
import { words } from '../../parts/format';
import { IconAlertOctagon, IconAlertTriangle } from '../../parts/icons';
import { Card } from '../../parts/page';
import type { Run } from '../pnl/pnl-data';
import { isStopped, type MonthRow } from './month-rows';
import { TEXTS } from './texts';

/** Where the problems of a tenant's month are mended. */
const pageOf = ({ invoice_id: id, tenant_id: tenant }: MonthRow): string => (id === null ? `/tenants/${tenant}` : `/invoices/${id}`);

/** What stops invoices, each with the way to it; then what the rating warns of beside them. */
export function ProblemsCard({ rows, run }: { readonly rows: readonly MonthRow[]; readonly run: Run | undefined }) {
  const { problems } = TEXTS;
  const stopped = rows.filter(isStopped);
  const known = new Set(stopped.flatMap((row) => row.problems.map(({ code, path }) => `${code} ${path}`)));
  const others = (run?.problems ?? []).filter(({ code, path }) => !known.has(`${code} ${path}`));
  return (
    <Card title={problems.title} right={stopped.length > 0 && problems.count(stopped.length)}>
      {stopped.length === 0 && others.length === 0 && <p className="pad mid">{problems.none}</p>}
      <ul className="issues">
        {stopped.map((row) => (
          <li key={row.tenant_id}>
            <IconAlertOctagon size={16} stroke={1.75} aria-hidden color="var(--bad-g)" />
            <div>
              <Link to={pageOf(row)}>{row.tenant_id}</Link>
              <p className="mid sm">{row.problems[0]?.detail}</p>
              {row.problems.length > 1 && <p className="dim sm">{problems.more(row.problems.length - 1)}</p>}
            </div>
          </li>
        ))}
        {others.map(({ code, severity, path, detail }) => (
          <li key={`${code} ${path}`}>
            {severity === 'critical' ? (
              <IconAlertOctagon size={16} stroke={1.75} aria-hidden color="var(--bad-g)" />
            ) : (
              <IconAlertTriangle size={16} stroke={1.75} aria-hidden color="var(--warn-g)" />
            )}
            <div>
              {words(code)} <span className="dim">{problems.run}</span>
              <p className="mid sm">{detail}</p>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
