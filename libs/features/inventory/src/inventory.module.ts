import { AccountsModule } from '#libs/accounts';
import { CatalogModule } from '#libs/catalog';
import { databaseGauges } from '#libs/database';
import { eventSources, EventsModule } from '#libs/events';
import { TenantsModule } from '#libs/tenants';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AttributionFindingsService } from './attribution/attribution-findings.service';
import { AttributionRulesService } from './attribution/attribution-rules.service';
import { BulkOwnership, OwnershipService } from './attribution/ownership.service';
import { AttributionFinding } from './entities/attribution-finding.entity';
import { AttributionRule } from './entities/attribution-rule.entity';
import { EventLastValue } from './entities/event-last-value.entity';
import { EventMonth } from './entities/event-month.entity';
import { ProviderAction } from './entities/provider-action.entity';
import { ResourceEvent } from './entities/resource-event.entity';
import { Resource } from './entities/resource.entity';
import { SagaAction } from './entities/saga-action.entity';
import { Sweep } from './entities/sweep.entity';
import { BootImageReader } from './queries/boot-images';
import { FEED_SOURCES } from './history/feed.sql';
import { ChangeCauses } from './queries/change-causes';
import { CompletenessReader } from './queries/completeness-reader';
import { InventoryReader } from './queries/inventory-reader';
import { KindReader } from './queries/kind-reader';
import { InventoryWords } from './queries/resource-filters';
import { ResourceNames } from './queries/resource-view';
import { SweepReader } from './queries/completeness-reader';
import { DriftEvents } from './recorder/drift-events';
import { MissRecorder } from './recorder/miss-recorder';
import { PriceSettling } from './recorder/price-settling';
import { OwnerCorrections } from './recorder/owner-corrections';
import { OwnershipRecorder } from './recorder/ownership-recorder';
import { ProtectionRecorder } from './recorder/protection-recorder';
import { ResourceRecorder } from './recorder/resource-recorder';
import { ResourceRegistrar } from './recorder/resource-registrar';
import { ActionFeed } from './sync/action-feed';
import { BackupPolicies } from './sync/backup-policies';
import { Confirmation } from './sync/confirmation';
import { DueSweeps } from './sync/due-sweeps';
import { ListSweep } from './sync/list-sweep';
import { MembershipWalk } from './sync/membership-walk';
import { ParentResolver } from './sync/parent-resolver';
import { Placeholders } from './sync/placeholders';
import { SpacesBuckets } from './sync/spaces-buckets';
import { ProjectReconciler } from './sync/project-reconciler';
import { FallbackProject, ProjectSweep } from './sync/project-sweep';
import { SweepLedger } from './sync/sweep-ledger';
import { SWEEP_GAUGES } from './sync/sweep.metrics';
import { SweepService } from './sync/sweep.service';

const ENTITIES = [
  AttributionFinding,
  AttributionRule,
  EventLastValue,
  EventMonth,
  ProviderAction,
  Resource,
  ResourceEvent,
  SagaAction,
  Sweep,
];

const EXPORTED = [
  AttributionFindingsService,
  AttributionRulesService,
  BulkOwnership,
  BootImageReader,
  ChangeCauses,
  CompletenessReader,
  DriftEvents,
  DueSweeps,
  InventoryReader,
  InventoryWords,
  KindReader,
  OwnershipService,
  PriceSettling,
  ProtectionRecorder,
  ResourceRegistrar,
  SweepReader,
  SweepService,
];

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [TenantsModule, AccountsModule, CatalogModule, EventsModule, TypeOrmModule.forFeature(ENTITIES)],
  providers: [
    ...EXPORTED,
    ActionFeed,
    BackupPolicies,
    Confirmation,
    FallbackProject,
    ListSweep,
    MembershipWalk,
    MissRecorder,
    OwnerCorrections,
    OwnershipRecorder,
    ParentResolver,
    Placeholders,
    ProjectReconciler,
    ProjectSweep,
    ResourceNames,
    ResourceRecorder,
    SpacesBuckets,
    SweepLedger,
    databaseGauges(SWEEP_GAUGES),
    eventSources(FEED_SOURCES),
  ],
  exports: EXPORTED,
})
export class InventoryModule {}
