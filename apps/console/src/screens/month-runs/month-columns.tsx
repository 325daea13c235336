import type { Column } from '../../parts/data-table';
import { monthName, moneyIn, plainDelta, plainMoney } from '../../parts/format';
import { IconAlertOctagon, IconCircle, IconCircleCheck, IconCircleDot } from '../../parts/icons';
import { isStopped, markOf, nextText, STAGES, type Invoice, type Mark, type Stage } from './month-rows';
import { TEXTS } from './texts';

const ICONS: Readonly<Record<Mark, typeof IconCircle>> = {
  done: IconCircleCheck,
  here: IconCircleDot,
  todo: IconCircle,
  stopped: IconAlertOctagon,
};

const ENDS: Readonly<Partial<Record<Stage, string>>> = { draft: 'first', paid: 'last' };

/** One place of the way from draft to paid, with the line to the place before it. */
function StageMark({ invoice, stage }: { readonly invoice: Invoice; readonly stage: Stage }) {
  const mark = markOf(invoice, stage);
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

const stageColumn = (stage: Stage): Column<Invoice> => ({
  id: stage,
  head: TEXTS.heads[stage],
  width: 66,
  cell: (invoice) => <StageMark invoice={invoice} stage={stage} />,
});

export function WhatNext({ invoice }: { readonly invoice: Invoice }) {
  const text = nextText(invoice);
  if (!isStopped(invoice)) return <span className={invoice.overdue ? 'st bad' : 'mid'}>{text}</span>;
  return (
    <span className="st bad" title={text} style={{ maxWidth: '100%' }}>
      <IconAlertOctagon size={14} stroke={1.75} aria-hidden style={{ flex: 'none' }} />
      <span className="trunc">{text}</span>
    </span>
  );
}

/** The matrix of the board: tenant, how far it is, amount, difference to the month before, what comes next. */
export function monthColumns(before: string, nets: ReadonlyMap<string, number> | undefined): readonly Column<Invoice>[] {
  return [
    { id: 'tenant', head: TEXTS.heads.tenant, width: 128, cell: ({ tenant_id: id }) => <b style={{ fontWeight: 550 }}>{id}</b> },
    ...STAGES.map(stageColumn),
    {
      id: 'net',
      head: TEXTS.heads.net,
      width: 104,
      numeric: true,
      cell: ({ net, currency }) => <b style={{ fontWeight: 600 }}>{currency === 'USD' ? plainMoney(net) : moneyIn(net, currency)}</b>,
    },
    {
      id: 'versus',
      head: TEXTS.versus(monthName(before)),
      width: 96,
      numeric: true,
      cell: (invoice) => <span className="mid">{deltaText(invoice, nets)}</span>,
    },
    { id: 'next', head: TEXTS.heads.next, cell: (invoice) => <WhatNext invoice={invoice} /> },
  ];
}

function deltaText({ tenant_id: id, currency, net }: Invoice, nets: ReadonlyMap<string, number> | undefined): string {
  if (!nets) return '';
  const last = nets.get(`${id} ${currency}`);
  if (last === undefined) return TEXTS.isNew;
  const delta = Math.round((Number(net) - last) * 100) / 100;
  return delta === 0 ? TEXTS.noChange : plainDelta(delta);
}
