import { Figures, NoFigure } from '../../parts/figures';
import { count, money, percent, sumOf, sumsText } from '../../parts/format';
import type { Pnl } from '../pnl/pnl-data';
import { netOf, type MonthRow } from './month-rows';
import { TEXTS } from './texts';

/** Rated lines are in the provider's currency until an invoice has them in the tenant's. */
const RATED = 'USD';

interface MonthFiguresProps {
  /** Undefined until the tenants of a rated month are read. */
  readonly rows: readonly MonthRow[] | undefined;
  readonly pnl: Pnl | undefined;
  /** Why there are no sums yet: the month is not rated, they are being read, or they could not be read. */
  readonly lacking: 'unrated' | 'reading' | 'unread';
}

/** The sums of the month: what tenants pay, what it costs, and how much of it is issued and paid. */
export function MonthFigures({ rows: read, pnl, lacking }: MonthFiguresProps) {
  const { strip } = TEXTS;
  const rows = read ?? [];
  const issued = rows.filter(({ state }) => state === 'issued');
  const paid = issued.filter(({ payment_status: payment }) => payment === 'paid');
  const buy = pnl && sumOf([pnl.total.buy_direct, pnl.total.buy_shared]);
  const sumsOf = (some: readonly MonthRow[]) => sumsText(some.map((row) => [netOf(row), row.currency ?? RATED])) || money('0');
  const none = <NoFigure text={lacking === 'reading' ? undefined : strip[lacking]} />;
  const of = (some: readonly MonthRow[]) => TEXTS.of(count(some.length), count(rows.length));
  return (
    <Figures
      label={strip.label}
      figures={[
        { name: strip.sell, value: pnl ? money(pnl.total.sell) : read ? sumsOf(rows) : none },
        { name: strip.buy, value: buy === undefined ? none : money(buy) },
        {
          name: strip.margin,
          value: pnl ? money(pnl.total.margin) : none,
          more: pnl && Number(pnl.total.sell) !== 0 && percent(Number(pnl.total.margin) / Number(pnl.total.sell)),
        },
        { name: strip.issued, ...(read ? { value: of(issued), more: sumsOf(issued) } : { value: none }) },
        { name: strip.paid, ...(read ? { value: of(paid), more: sumsOf(paid) } : { value: none }) },
      ]}
    />
  );
}
