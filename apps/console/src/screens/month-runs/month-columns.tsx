import type { Column } from '../../parts/data-table';
import { lessOf, monthName, moneyIn, plainDelta, plainMoney } from '../../parts/format';
import { IconAlertOctagon, IconCircle, IconCircleCheck, IconCircleDot } from '../../parts/icons';
import { TenantName } from '../../shell/counts';
import { isInvoiced, isStopped, markOf, netOf, nextText, STAGES, type Mark, type MonthRow, type Stage } from './month-rows';
import { TEXTS } from './texts';

const ICONS: Readonly<Record<Mark, typeof IconCircle>> = {
  done: IconCircleCheck,
  here: IconCircleDot,
  todo: IconCircle,
  stopped: IconAlertOctagon,
};

const ENDS: Readonly<Partial<Record<Stage, string>>> = { draft: 'first', paid: 'last' };

/** One place of the way from draft to paid, with the line to the place before it. */
function StageMark({ row, stage }: { readonly row: MonthRow; readonly stage: Stage }) {
  const mark = markOf(row, stage);
  const Icon = ICONS[mark];
  return (
    <span className={`stage ${mark} ${ENDS[stage] ?? ''}`}>
      <Icon size={mark === 'todo' ? 12 : 18} stroke={1.75} aria-hidden />
      <span className="vh">
        {TEXTS.heads[stage]}: {TEXTS.stages[mark]}
      </span>
    </span>
  );
}

const stageColumn = (stage: Stage): Column<MonthRow> => ({
  id: stage,
  head: TEXTS.heads[stage],
  width: 66,
  cell: (row) => <StageMark row={row} stage={stage} />,
});

export function WhatNext({ row }: { readonly row: MonthRow }) {
  const text = nextText(row);
  if (!isStopped(row)) return <span className={row.overdue ? 'st bad' : 'mid'}>{text}</span>;
  return (
    <span className="st bad" title={text} style={{ maxWidth: '100%' }}>
      <IconAlertOctagon size={14} stroke={1.75} aria-hidden style={{ flex: 'none' }} />
      <span className="trunc">{text}</span>
    </span>
  );
}

/** The matrix of the board: tenant, how far it is, amount, difference to the month before, what comes next. */
export function monthColumns(before: string, nets: ReadonlyMap<string, string> | undefined): readonly Column<MonthRow>[] {
  return [
    { id: 'tenant', head: TEXTS.heads.tenant, width: 128, cell: ({ tenant_id: id }) => <TenantName id={id} /> },
    ...STAGES.map(stageColumn),
    {
      id: 'net',
      head: TEXTS.heads.net,
      width: 104,
      numeric: true,
      cell: (row) => {
        const { currency } = row;
        const text = currency === null || currency === 'USD' ? plainMoney(netOf(row)) : moneyIn(netOf(row), currency);
        return isInvoiced(row) ? <b style={{ fontWeight: 600 }}>{text}</b> : <span className="est">{text}</span>;
      },
    },
    {
      id: 'versus',
      head: TEXTS.versus(monthName(before)),
      width: 96,
      numeric: true,
      cell: (row) => <span className="mid">{deltaText(row, nets)}</span>,
    },
    { id: 'next', head: TEXTS.heads.next, cell: (row) => <WhatNext row={row} /> },
  ];
}

function deltaText(row: MonthRow, nets: ReadonlyMap<string, string> | undefined): string {
  if (!nets || row.currency === null) return '';
  const last = nets.get(`${row.tenant_id} ${row.currency}`);
  if (last === undefined) return TEXTS.isNew;
  const delta = plainDelta(lessOf(netOf(row), last));
  return delta === '0.00' ? TEXTS.noChange : delta;
}
