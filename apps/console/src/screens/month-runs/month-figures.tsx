import { Figures } from '../../parts/figures';
import { count, money, percent } from '../../parts/format';
import type { Pnl } from '../pnl/pnl-data';
import { netOf, type MonthRow } from './month-rows';
import { TEXTS } from './texts';

/** The sums of the month: what tenants pay, what it costs, and how much of it is issued and paid. */
export function MonthFigures({ rows, pnl }: { readonly rows: readonly MonthRow[]; readonly pnl: Pnl | undefined }) {
  const { strip } = TEXTS;
  const issued = rows.filter(({ state }) => state === 'issued');
  const paid = issued.filter(({ payment_status: payment }) => payment === 'paid');
  const buy = pnl && Number(pnl.total.buy_direct) + Number(pnl.total.buy_shared);
  const sumOf = (some: readonly MonthRow[]) => money(some.reduce((sum, row) => sum + Number(netOf(row)), 0).toFixed(2));
  const of = (some: readonly MonthRow[]) => TEXTS.of(count(some.length), count(rows.length));
  return (
    <Figures
      label={strip.label}
      figures={[
        { name: strip.sell, value: pnl ? money(pnl.total.sell) : sumOf(rows) },
        { name: strip.buy, value: buy === undefined ? '…' : money(buy.toFixed(2)) },
        {
          name: strip.margin,
          value: pnl ? money(pnl.total.margin) : '…',
          more: pnl && Number(pnl.total.sell) !== 0 && percent(Number(pnl.total.margin) / Number(pnl.total.sell)),
        },
        { name: strip.issued, value: of(issued), more: sumOf(issued) },
        { name: strip.paid, value: of(paid), more: sumOf(paid) },
      ]}
    />
  );
}
