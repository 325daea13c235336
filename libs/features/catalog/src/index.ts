export { Catalog } from './catalog';
export { CatalogModule } from './catalog.module';
export type { Size } from './entities/size.entity';
export type { Order, OrderProblem } from './catalog';
