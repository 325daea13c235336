import { CatalogModule } from '#libs/catalog';
import { InventoryModule } from '#libs/inventory';
import { SagaModule, SagaRegistry, type SagaDefinition } from '#libs/saga';
import { Module, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DeleteRecordStep } from './dns/delete-record.step';
import { DeleteRecordSaga, UpsertRecordSaga } from './dns/dns.sagas';
import { EnsureRecordStep } from './dns/ensure-record.step';
import { ZoneAccess } from './dns/own-zone';
import { DnsRecordCompensation } from './dns/record-undoing';
import { AssignProjectStep } from './droplets/assign-project.step';
import { AwaitActiveStep } from './droplets/await-active.step';
import { AwaitSnapshotStep } from './droplets/await-snapshot.step';
import { CreateDropletStep } from './droplets/create-droplet.step';
import { DestroyDropletSaga } from './droplets/destroy-droplet.saga';
import { DestroyDropletStep } from './droplets/destroy-droplet.step';
import { DropletActionRunner } from './droplets/droplet-event';
import { DropletRemoval } from './droplets/droplet-removal';
import { MarkDeletedStep } from './droplets/mark-deleted.step';
import { ObserveDropletStep } from './droplets/observe-droplet.step';
import { OrderCheck } from './droplets/order-check';
import { DropletAccess } from './droplets/own-droplet';
import { PowerOffStep, PowerOnStep } from './droplets/power.steps';
import { ProvisionDropletSaga } from './droplets/provision-droplet.saga';
import { RecordSizeStep } from './droplets/record-size.step';
import { RegisterDropletStep } from './droplets/register-droplet.step';
import { ResizeDropletSaga } from './droplets/resize-droplet.saga';
import { ResizeStep, ResizeWithDiskStep } from './droplets/resize.steps';
import { SnapshotDropletSaga } from './droplets/snapshot-droplet.saga';
import { TakeSnapshotStep } from './droplets/take-snapshot.step';
import { SharedProviderPoller } from './looks/provider-looks';
import { DropletCalls } from './provider/droplet-calls';
import { ProjectCalls } from './provider/project-calls';
import { RecordCalls } from './provider/record-calls';
import { SnapshotCalls } from './provider/snapshot-calls';
import { TagCalls } from './provider/tag-calls';
import { OrphanDnsRecords } from './reaper/late-records';
import { RestoreDetector } from './reaper/lineage';
import { MarkedThings } from './reaper/marked-things';
import { ProviderMark } from './reaper/provider-mark';
import { Reaper } from './reaper/reaper';
import { SagaTagObjects } from './reaper/saga-tag-objects';
import { OrphanRepository } from './reaper/stray-ledger';
import { CheckOrderStep } from './reverts/check-order.step';
import { RenameStep, SetBackupsStep } from './reverts/droplet-settings.steps';
import { DropletReverts } from './reverts/droplet-reverts';
import { RevertDropletSaga } from './reverts/revert-droplet.saga';
import { SetTagsStep } from './reverts/set-tags.step';
import { DesiredStateRepository } from './spec/provisioned-specs';

const SAGAS = [
  ProvisionDropletSaga,
  DestroyDropletSaga,
  SnapshotDropletSaga,
  ResizeDropletSaga,
  RevertDropletSaga,
  UpsertRecordSaga,
  DeleteRecordSaga,
];
const STEPS = [
  CreateDropletStep,
  AwaitActiveStep,
  AssignProjectStep,
  RegisterDropletStep,
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
  ObserveDropletStep,
  EnsureRecordStep,
  DeleteRecordStep,
];

/** The sagas that touch the provider. Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [SagaModule, InventoryModule, CatalogModule],
  providers: [
    ...SAGAS,
    ...STEPS,
    DropletCalls,
    DropletActionRunner,
    DropletRemoval,
    DropletReverts,
    OrderCheck,
    DropletAccess,
    ZoneAccess,
    ProjectCalls,
    SharedProviderPoller,
    DesiredStateRepository,
    RecordCalls,
    DnsRecordCompensation,
    SnapshotCalls,
    OrphanDnsRecords,
    RestoreDetector,
    MarkedThings,
    ProviderMark,
    Reaper,
    SagaTagObjects,
    OrphanRepository,
    TagCalls,
  ],
  exports: [DropletReverts, DesiredStateRepository, Reaper],
})
export class ProvisioningModule implements OnModuleInit {
  constructor(
    private readonly registry: SagaRegistry,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const saga of SAGAS) {
      const { definition } = this.modules.get<{ definition: SagaDefinition }>(saga);
      const steps = definition.steps.map((step) => ({ ...step, policy: { ...step.policy, onOutage: 'wait' as const } }));
      this.registry.register({ ...definition, steps });
    }
  }
}
