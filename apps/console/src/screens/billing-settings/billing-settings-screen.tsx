import '../../parts/money.css';
import { PageHead, Screen } from '../../parts/page';
import { IssuerCard } from './issuer-card';
import { PoolsCard } from './pools-card';
import { TaxRulesCard } from './tax-rules-card';
import { TEXTS } from './texts';

/** Who sells, which tax counts, and who pays what belongs to no single tenant. */
export function BillingSettingsScreen() {
  return (
    <Screen>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} />
      <div className="grid" style={{ maxWidth: 1180 }}>
        <IssuerCard />
        <TaxRulesCard />
        <PoolsCard />
      </div>
    </Screen>
  );
}
