export { Catalog } from './catalog';
export { CatalogModule } from './catalog.module';
export type { CatalogSize } from './provider-offers';
export type { Order, OrderProblem } from './order-problems';
