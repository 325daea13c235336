export { BalanceSnapshots } from './balance/balance-snapshots';
export type { BalanceView } from './balance/balance.view';
export { BalanceNotReadError } from './billing.error';
export { BillingModule } from './billing.module';
