import { Module } from '@nestjs/common';
import { databaseGauges } from '#libs/database';
import { AccountBinding } from './account/account-binding';
import { BoundProvider } from './account/bound-provider';
import { ActionFeed } from './sync/action-feed';
import { HistoryHorizon } from './history/history-horizon';
import { OwnershipService } from './attribution/ownership.service';
import { FallbackProject } from './sync/fallback-project';
import { ProjectMembershipRepository } from './projects/project-membership.repository';
import { MembershipWalk } from './sync/membership-walk';
import { Placeholders } from './sync/placeholders';
import { ProjectMirror } from './projects/project-mirror';
import { ProjectReconciler } from './sync/project-reconciler';
import { ProjectSweep } from './sync/project-sweep';
import { ChangeCauses } from './queries/change-causes';
import { CompletenessReader } from './queries/completeness-reader';
import { InventoryReader } from './queries/inventory-reader';
import { ProjectReader } from './queries/project-reader';
import { SweepReader } from './queries/sweep-reader';
import { DriftEvents } from './recorder/drift-events';
import { MissRecorder } from './recorder/miss-recorder';
import { OwnershipRecorder } from './recorder/ownership-recorder';
import { ResourceRecorder } from './recorder/resource-recorder';
import { ResourceRegistrar } from './recorder/resource-registrar';
import { Confirmation } from './sync/confirmation';
import { DueSweeps } from './sync/due-sweeps';
import { ListSweep } from './sync/list-sweep';
import { NamedParents } from './sync/parent-resolver';
import { SweepLedger } from './sync/sweep-ledger';
import { SweepRequests } from './sync/sweep-requests';
import { SWEEP_GAUGES } from './sync/sweep.metrics';
import { SweepService } from './sync/sweep.service';

/** Expects the global modules of config, database, audit and digitalocean. */
@Module({
  providers: [
    AccountBinding,
    ActionFeed,
    BoundProvider,
    ChangeCauses,
    CompletenessReader,
    Confirmation,
    DriftEvents,
    DueSweeps,
    FallbackProject,
    InventoryReader,
    ResourceRegistrar,
    HistoryHorizon,
    ListSweep,
    ProjectMembershipRepository,
    MembershipWalk,
    MissRecorder,
    NamedParents,
    OwnershipRecorder,
    OwnershipService,
    Placeholders,
    ProjectMirror,
    ProjectReconciler,
    ProjectReader,
    ProjectSweep,
    ResourceRecorder,
    SweepLedger,
    SweepReader,
    SweepRequests,
    SweepService,
    databaseGauges(SWEEP_GAUGES),
  ],
  exports: [
    AccountBinding,
    BoundProvider,
    ChangeCauses,
    CompletenessReader,
    DriftEvents,
    DueSweeps,
    InventoryReader,
    ResourceRegistrar,
    OwnershipService,
    ProjectReader,
    SweepReader,
    SweepRequests,
    SweepService,
  ],
})
export class InventoryModule {}
