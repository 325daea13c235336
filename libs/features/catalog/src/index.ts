export { Catalog } from './catalog';
export { CatalogModule } from './catalog.module';
export type { Size } from './entities/size.entity';
export type { Order, OrderProblem } from './catalog';
export {
  isPriced,
  listPrice,
  withBackups,
  type BackupPlan,
  type ListPrice,
  type PriceSource,
  type PriceSubject,
  type RateOf,
  type UnitRate,
  type Unpriced,
  type UnpricedReason,
} from './prices/list-price';
export { ListPrices } from './prices/list-prices';
