import { AccountsModule } from '#libs/accounts';
import { CatalogModule } from '#libs/catalog';
import { InventoryModule } from '#libs/inventory';
import { Acceptance, SagaModule, SagaRegistry, type SagaDefinition } from '#libs/saga';
import { TenantsModule } from '#libs/tenants';
import { Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenantLimitsGuard } from './acceptance/tenant-limits.guard';
import { DesiredStateRepository } from './desired-state/desired-state.repository';
import { DesiredStateService } from './desired-state/desired-state.service';
import { DeleteRecordStep } from './dns/delete-record.step';
import { DeleteRecordSaga, UpsertRecordSaga, ZoneAccess } from './dns/dns.sagas';
import { RecordForecasts, ZoneReferences } from './dns/record-forecasts';
import { DnsRecordCompensation, EnsureRecordStep } from './dns/ensure-record.step';
import { AssignProjectStep } from './droplets/assign-project.step';
import { AwaitActiveStep } from './droplets/await-active.step';
import { CreateDropletStep, DropletRemoval } from './droplets/create-droplet.step';
import { AwaitDueStep, DestroyDropletStep, MarkDeletedStep } from './droplets/destroy-droplet.step';
import { DropletAccess } from './droplets/droplet-access';
import { DropletForecasts } from './droplets/droplet-forecasts';
import { DropletActionRunner } from './droplets/droplet-action-runner';
import {
  DestroyDropletSaga,
  PowerDropletSaga,
  ProvisionDropletSaga,
  ResizeDropletSaga,
  SnapshotDropletSaga,
} from './droplets/droplet.sagas';
import { ChangePowerStep, PowerDownStep, RebootStep, RecordPowerStep } from './droplets/power-droplet.steps';
import { PowerOffStep, PowerOnStep } from './droplets/power.steps';
import { ObserveDropletStep, RecordSizeStep } from './droplets/record-size.step';
import { RegisterDropletStep } from './droplets/register-droplet.step';
import { ResizeStep, ResizeWithDiskStep } from './droplets/resize.step';
import { AwaitSnapshotStep, TakeSnapshotStep } from './droplets/take-snapshot.step';
import { DatabaseTimeline } from './entities/database-timeline.entity';
import { DatabaseWitness } from './entities/database-witness.entity';
import { DesiredState } from './entities/desired-state.entity';
import { Orphan } from './entities/orphan.entity';
import { ProviderPollResult } from './entities/provider-poll-result.entity';
import { SharedPolls } from './polling/shared-poll';
import { SharedProviderPoller } from './polling/shared-provider-poller';
import * as change from './products/change-product.steps';
import { CreateFirewallStep, CreateVolumeStep } from './products/create-product.steps';
import { DeleteSnapshotStep, DeleteVolumeStep, ReleaseIpStep } from './products/delete-product.steps';
import { ProductAccess } from './products/product-access';
import { ProductForecasts } from './products/product-forecasts';
import { ProductRunner } from './products/product-runner';
import { AddressSagas, DropletSettingSagas, FirewallSagas, VolumeSagas } from './products/product.sagas';
import {
  AssignVolumeStep,
  RecordChangeStep,
  RegisterFirewallStep,
  RegisterIpStep,
  RegisterVolumeStep,
} from './products/record-product.steps';
import { RestoreDropletSaga, RestoreDropletStep } from './products/restore-droplet.saga';
import { NewAddresses, ReserveIpStep } from './products/reserve-ip.step';
import { DnsRecordCalls } from './provider/dns-record-calls';
import { DropletCalls } from './provider/droplet-calls';
import { ProductCalls } from './provider/product-calls';
import { ProjectCalls } from './provider/project-calls';
import { SnapshotCalls } from './provider/snapshot-calls';
import { TagCalls } from './provider/tag-calls';
import { DestructionGuard } from './protection/destruction-guard';
import { ResourceProtection } from './protection/resource-protection.service';
import { SagaTargets } from './acceptance/saga-targets';
import { LateWrites } from './reaper/late-writes';
import { OrphanDnsRecords } from './reaper/orphan-dns-records';
import { OrphanRepository } from './reaper/orphan.repository';
import { Reaper } from './reaper/reaper';
import { RestoreDetector } from './reaper/restore-detector';
import { RestoreWitness } from './reaper/restore-witness';
import { TaggedResources } from './reaper/tagged-resources';
import { UndoLateWriteSaga, UndoLateWriteStep } from './reaper/undo-late-write.saga';
import { RenameStep, SetBackupsStep, SetPowerStep } from './reverts/droplet-setting.step';
import { CheckOrderStep } from './reverts/check-order.step';
import { RevertDropletSaga } from './reverts/revert-droplet.saga';
import { RevertProductSaga } from './reverts/revert-product.saga';
import { Reverts } from './reverts/reverts.service';
import { SetTagsStep } from './reverts/set-tags.step';

const ENTITIES = [DesiredState, ProviderPollResult, Orphan, DatabaseTimeline, DatabaseWitness];
const SAGAS = [
  ProvisionDropletSaga,
  DestroyDropletSaga,
  PowerDropletSaga,
  SnapshotDropletSaga,
  ResizeDropletSaga,
  RevertDropletSaga,
  RevertProductSaga,
  UpsertRecordSaga,
  DeleteRecordSaga,
  UndoLateWriteSaga,
  RestoreDropletSaga,
];
/** Each declares several sagas on products of one sort. */
const PRODUCT_SAGAS = [VolumeSagas, AddressSagas, FirewallSagas, DropletSettingSagas];
const STEPS = [
  CreateDropletStep,
  AwaitActiveStep,
  AssignProjectStep,
  RegisterDropletStep,
  AwaitDueStep,
  PowerDownStep,
  ChangePowerStep,
  RecordPowerStep,
  RebootStep,
  DestroyDropletStep,
  MarkDeletedStep,
  TakeSnapshotStep,
  AwaitSnapshotStep,
  PowerOffStep,
  ResizeStep,
  ResizeWithDiskStep,
  PowerOnStep,
  RecordSizeStep,
  CheckOrderStep,
  RenameStep,
  SetTagsStep,
  SetBackupsStep,
  SetPowerStep,
  ObserveDropletStep,
  EnsureRecordStep,
  DeleteRecordStep,
  UndoLateWriteStep,
  ...Object.values(change),
  CreateVolumeStep,
  CreateFirewallStep,
  ReserveIpStep,
  AssignVolumeStep,
  RegisterVolumeStep,
  RegisterIpStep,
  RegisterFirewallStep,
  RecordChangeStep,
  DeleteVolumeStep,
  DeleteSnapshotStep,
  ReleaseIpStep,
  RestoreDropletStep,
];

/** The sagas that write to the provider. Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [TenantsModule, AccountsModule, SagaModule, InventoryModule, CatalogModule, TypeOrmModule.forFeature(ENTITIES)],
  providers: [
    ...SAGAS,
    ...PRODUCT_SAGAS,
    ...STEPS,
    ProductCalls,
    ProductRunner,
    NewAddresses,
    ProductAccess,
    ProductForecasts,
    ZoneReferences,
    DropletCalls,
    DropletActionRunner,
    DropletRemoval,
    Reverts,
    DropletAccess,
    DropletForecasts,
    RecordForecasts,
    DestructionGuard,
    ResourceProtection,
    SagaTargets,
    ZoneAccess,
    ProjectCalls,
    SharedPolls,
    SharedProviderPoller,
    DesiredStateRepository,
    DesiredStateService,
    DnsRecordCalls,
    DnsRecordCompensation,
    SnapshotCalls,
    LateWrites,
    OrphanDnsRecords,
    RestoreDetector,
    RestoreWitness,
    Reaper,
    OrphanRepository,
    TagCalls,
    TaggedResources,
    TenantLimitsGuard,
  ],
  exports: [Reverts, DesiredStateRepository, DesiredStateService, Reaper, ResourceProtection],
})
export class ProvisioningModule implements OnModuleInit {
  constructor(
    private readonly registry: SagaRegistry,
    private readonly modules: ModuleRef,
    private readonly acceptance: Acceptance,
    private readonly destruction: DestructionGuard,
    private readonly guard: TenantLimitsGuard,
    private readonly targets: SagaTargets,
  ) {}

  onModuleInit(): void {
    this.acceptance.useGuard(this.destruction);
    this.acceptance.useGuard(this.guard);
    const single = SAGAS.map((saga) => this.modules.get<{ definition: SagaDefinition }>(saga).definition);
    const several = PRODUCT_SAGAS.flatMap((sagas) => this.modules.get<{ definitions: readonly SagaDefinition[] }>(sagas).definitions);
    for (const definition of [...single, ...several]) {
      const steps = definition.steps.map((step) => ({ ...step, policy: { ...step.policy, onOutage: 'wait' as const } }));
      this.registry.register({ ...definition, steps, ownerOf: (input: Readonly<Record<string, unknown>>) => this.targets.ownerOf(input) });
    }
  }
}
