export { CostRollup } from './cost-rollup';
export { CostService, type CostGroupView, type CostQuestion, type CostView } from './cost.service';
export { COST_BASES, COST_GROUPS, type CostBasis, type CostGroupKey } from './cost-window';
export { type AccruedLine } from './accrued-lines.sql';
export { TenantPrice, type AccrualRating, type AccruedSums, type SoldLine } from './tenant-price';
export { CostsModule } from './costs.module';
export { NotAccruableError, TooManyGroupsError } from './costs.errors';
