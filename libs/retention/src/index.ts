export { Retention } from './retention';
export type { RetentionRule } from './retention-rule';
export { RetentionModule } from './retention.module';
