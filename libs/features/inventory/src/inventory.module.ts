import { Module } from '@nestjs/common';
import { databaseGauges } from '#libs/database';
import { AccountBinding } from './account/account-pin';
import { BoundProvider } from './account/bound-provider';
import { ActionFeed } from './actions/action-feed';
import { HistoryHorizon } from './archive/known-past';
import { OwnershipService } from './attribution/owners';
import { FallbackProject } from './projects/fallback-project';
import { ProjectMembershipRepository } from './projects/members';
import { MembershipWalk } from './projects/membership-walk';
import { Placeholders } from './projects/placeholders';
import { ProjectMirror } from './projects/project-mirror';
import { ProjectReconciler } from './projects/project-misses';
import { ProjectSweep } from './projects/project-sweep';
import { ChangeCauses } from './reads/change-causes';
import { CompletenessReader } from './reads/completeness';
import { InventoryReader } from './reads/inventory-reader';
import { ProjectReader } from './reads/project-reader';
import { SweepReader } from './reads/sweep-reader';
import { DriftEvents } from './recorder/drift-events';
import { MissRecorder } from './recorder/miss-recorder';
import { OwnershipRecorder } from './recorder/owner-recorder';
import { ResourceRecorder } from './recorder/resource-recorder';
import { ResourceRegistrar } from './register/inventory-register';
import { Confirmation } from './sweep/confirmation';
import { DueSweeps } from './sweep/due-sweeps';
import { ListSweep } from './sweep/list-sweep';
import { NamedParents } from './sweep/named-parents';
import { SweepLedger } from './sweep/sweep-ledger';
import { SweepRequests } from './sweep/sweep-requests';
import { SWEEP_GAUGES } from './sweep/sweep.gauges';
import { SweepService } from './sweep/sweep.service';

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
