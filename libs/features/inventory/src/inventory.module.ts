import { Module } from '@nestjs/common';
import { databaseGauges } from '#libs/database';
import { AccountPin } from './account/account-pin';
import { ActionFeed } from './actions/action-feed';
import { KnownPast } from './archive/known-past';
import { Owners } from './attribution/owners';
import { FallbackProject } from './projects/fallback-project';
import { Members } from './projects/members';
import { MembershipWalk } from './projects/membership-walk';
import { Placeholders } from './projects/placeholders';
import { ProjectMirror } from './projects/project-mirror';
import { ProjectMissesJudge } from './projects/project-misses';
import { ProjectSweep } from './projects/project-sweep';
import { ChangeCauses } from './reads/change-causes';
import { CompletenessReader } from './reads/completeness';
import { InventoryReader } from './reads/inventory-reader';
import { ProjectReader } from './reads/project-reader';
import { SweepReader } from './reads/sweep-reader';
import { DriftEvents } from './recorder/drift-events';
import { MissRecorder } from './recorder/miss-recorder';
import { OwnerRecorder } from './recorder/owner-recorder';
import { ResourceRecorder } from './recorder/resource-recorder';
import { InventoryRegister } from './register/inventory-register';
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
    AccountPin,
    ActionFeed,
    ChangeCauses,
    CompletenessReader,
    Confirmation,
    DriftEvents,
    DueSweeps,
    FallbackProject,
    InventoryReader,
    InventoryRegister,
    KnownPast,
    ListSweep,
    Members,
    MembershipWalk,
    MissRecorder,
    NamedParents,
    OwnerRecorder,
    Owners,
    Placeholders,
    ProjectMirror,
    ProjectMissesJudge,
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
    AccountPin,
    ChangeCauses,
    CompletenessReader,
    DriftEvents,
    DueSweeps,
    InventoryReader,
    InventoryRegister,
    Owners,
    ProjectReader,
    SweepReader,
    SweepRequests,
    SweepService,
  ],
})
export class InventoryModule {}
