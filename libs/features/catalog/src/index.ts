export { Catalog } from './catalog';
export { CatalogModule } from './catalog.module';
export type { Size } from './entities/size.entity';
export type { Order, OrderProblem } from './catalog';
export {
  billedAs,
  billedPrice,
  isPriced,
  listPrice,
  UNPRICED_REASONS,
  withBackups,
  type BackupPlan,
  type Billed,
  type Charge,
  type ListPrice,
  type PriceOrigin,
  type PriceSource,
  type PriceSubject,
  type RateOf,
  type UnitRate,
  type Unpriced,
  type UnpricedReason,
} from './prices/list-price';
export {
  ListPriceService,
  PriceExistsError,
  type ListPriceChange,
  type ListPriceFilters,
  type ListPriceView,
} from './prices/list-price.service';
export {
  OffersReader,
  SIZE_SORTS,
  type OffersPage,
  type RegionView,
  type SizeFilters,
  type SizeSort,
  type SizeView,
} from './offers-reader';
export { ListPrices } from './prices/list-prices';
export { CATALOG_RATES } from './functions/rates.sql';
export type { PriceUnit } from './entities/list-price-row.entity';
export { ObservedPrices, type BilledMonth } from './prices/observed-prices';
export {
  PriceBook,
  Prices,
  SellPrices,
  soldAt,
  type PriceBasis,
  type SellPriceSource,
  type SoldThing,
  type TenantRates,
} from './prices/price-book';
export { PriceWriter, recordPrices, type BilledSince } from './prices/price-writer';
