import { plainMoney } from '../../parts/format';
import { IconAlertOctagon, IconCircleCheck } from '../../parts/icons';
import { Card } from '../../parts/page';
import '../../parts/money.css';
import type { Pnl } from './pnl-data';
import { TEXTS } from './texts';

/** Every amount of the provider's invoices in exactly one line, and the difference, which is 0.00. */
export function Equation({ pnl }: { readonly pnl: Pnl }) {
  const { equation } = TEXTS;
  const parts: readonly (readonly [string, string])[] = [
    [equation.direct, pnl.total.buy_direct],
    [equation.shared, pnl.total.buy_shared],
    [equation.house, pnl.house],
    [equation.unattributed, pnl.unattributed],
    [equation.tax, pnl.tax_kept],
    [equation.credits, pnl.credits_kept],
    [equation.reconciliation, pnl.reconciliation_difference],
  ];
  const isFit = Number(pnl.difference) === 0;
  const Icon = isFit ? IconCircleCheck : IconAlertOctagon;
  return (
    <Card title={equation.title} right={equation.unit}>
      <dl className="eqn">
        {parts.map(([name, amount], at) => (
          <div key={name}>
            <dt>
              <Sign text={at === 0 ? '' : '+'} />
              {name}
            </dt>
            <dd>{plainMoney(amount)}</dd>
          </div>
        ))}
        <div className="b sum">
          <dt>
            <Sign text="=" />
            {equation.payable}
          </dt>
          <dd>{plainMoney(pnl.payable)}</dd>
        </div>
        <div>
          <dt>
            <Icon size={14} stroke={1.75} aria-hidden color={isFit ? 'var(--ok-g)' : 'var(--bad-g)'} />
            {equation.difference}
          </dt>
          <dd className={isFit ? 'fit' : 'off'}>{plainMoney(pnl.difference)}</dd>
        </div>
      </dl>
      <p className="dim sm" style={{ padding: '0 16px 13px' }}>
        {equation.why}
      </p>
    </Card>
  );
}

const Sign = ({ text }: { readonly text: string }) => <i aria-hidden>{text}</i>;
