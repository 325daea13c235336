export { Catalogue } from './catalogue';
export { CatalogueModule } from './catalogue.module';
export type { CatalogueSize } from './catalogue-copy';
export type { Order, OrderProblem } from './order-problems';
