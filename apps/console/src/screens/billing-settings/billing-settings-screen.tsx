import '../../parts/money.css';
import { PageHead, Screen } from '../../parts/page';
import { DunningCard } from './dunning-card';
import { FxRatesCard } from './fx-rates-card';
import { IssuerCard } from './issuer-card';
import { PoolsCard } from './pools-card';
import { TaxRulesCard } from './tax-rules-card';
import { TEXTS } from './texts';

/** Who sells, which tax counts, who pays what belongs to no single tenant, reminders, and exchange rates. */
export function BillingSettingsScreen() {
  return (
    <Screen>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} />
      <div className="grid" style={{ maxWidth: 1180 }}>
        <IssuerCard />
        <TaxRulesCard />
        <PoolsCard />
        <DunningCard />
        <FxRatesCard />
      </div>
    </Screen>
  );
}
