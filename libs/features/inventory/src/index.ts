export { AttributionFindingsService, type AttributionFindingView, type FindingFilters } from './attribution/attribution-findings.service';
export {
  AttributionRulesService,
  type AttributionRuleChange,
  type AttributionRuleFilters,
  type AttributionRuleView,
  type NewAttributionRule,
  type RuleEdit,
} from './attribution/attribution-rules.service';
export { isReservedTag, type RuleConditions } from './attribution/rule-conditions';
export type { RuleEffect, RuleMove, RuleMoveGroup } from './attribution/rule-conditions';
export { BulkOwnership } from './attribution/ownership.service';
export { OwnershipService } from './attribution/ownership.service';
export { ATTRIBUTION_REASONS, type AttributionReason } from './entities/resource.entity';
export type { SweepStatus, SweepTrigger } from './entities/sweep.entity';
export { soldThing, type SoldResource } from './queries/row-prices';
export { INVENTORY_SQL, ownerIntervals } from './functions/inventory-history.sql';
export { APPEND_ONLY_STREAMS, archiveEvents, type ArchivedMonth } from './history/archive-events';
export { inventoryRetention } from './history/inventory.retention';
export {
  ArchiveBusyError,
  EventsArchivedError,
  ResourceDeletedError,
  ResourceNotFoundError,
  SweepNotFoundError,
  SweepNotReleasableError,
  UnknownKindError,
} from './inventory.errors';
export { InventoryModule } from './inventory.module';
export {
  chargeOf,
  FREE_KINDS,
  INVENTORY_SWEEPS,
  INVOICE_NAMES,
  INVOICE_PRODUCTS,
  isSweepable,
  KINDS,
  LIST_PRODUCTS,
  PRICED_KINDS,
  PROJECT_SWEEP,
  sweepNamed,
  SWEEPS,
  unitOfProduct,
} from './kinds';
export type { Kind, KindList, Observation } from './kinds/kind';
export { BootImageReader, type BootImage } from './queries/boot-images';
export { ChangeCauses, type ChangeAsked } from './queries/change-causes';
export { CompletenessReader } from './queries/completeness-reader';
export type { EventCause } from './queries/change-causes';
export { InventoryReader, type EventView, type ListOptions } from './queries/inventory-reader';
export { KindReader, type KindView } from './queries/kind-reader';
export { filterSql, InventoryWords, RESOURCE_SORTS, type ResourceFilters, type ResourceSort } from './queries/resource-filters';
export type { MissingProof, ResourceView } from './queries/resource-view';
export { SweepReader, type MissingView, type SweepFilters } from './queries/completeness-reader';
export { PriceSettling } from './recorder/price-settling';
export { tenantsMoved, UNASSIGNED, type Reattributed } from './recorder/ownership-recorder';
export { DriftEvents, type DriftFact } from './recorder/drift-events';
export { ProtectionRecorder, type LockedResource, type Protector } from './recorder/protection-recorder';
export { ResourceRegistrar, type DropletCompanion, type RegisteredResource, type Registration } from './recorder/resource-registrar';
export { DueSweeps } from './sync/due-sweeps';
export type { SweepView, UnreadableView } from './sync/sweep';
export { SweepService } from './sync/sweep.service';
