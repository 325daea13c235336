export { Catalog } from './catalogue';
export { CatalogModule } from './catalogue.module';
export type { CatalogSize } from './catalogue-copy';
export type { Order, OrderProblem } from './order-problems';
