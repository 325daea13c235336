import { CatalogueModule } from '#libs/catalogue';
import { InventoryModule } from '#libs/inventory';
import { SagaModule, SagaRegistry } from '#libs/saga';
import { Module, type OnModuleInit } from '@nestjs/common';
import { AssignProjectStep } from './droplets/assign-project.step';
import { AwaitActiveStep } from './droplets/await-active.step';
import { AwaitSnapshotStep } from './droplets/await-snapshot.step';
import { CreateDropletStep } from './droplets/create-droplet.step';
import { DestroyDropletSaga } from './droplets/destroy-droplet.saga';
import { DestroyDropletStep } from './droplets/destroy-droplet.step';
import { DropletEvent } from './droplets/droplet-event';
import { DropletRemoval } from './droplets/droplet-removal';
import { MarkDeletedStep } from './droplets/mark-deleted.step';
import { OrderCheck } from './droplets/order-check';
import { OwnDroplets } from './droplets/own-droplet';
import { PowerOffStep, PowerOnStep } from './droplets/power.steps';
import { ProvisionDropletSaga } from './droplets/provision-droplet.saga';
import { RecordSizeStep } from './droplets/record-size.step';
import { RegisterDropletStep } from './droplets/register-droplet.step';
import { ResizeDropletSaga } from './droplets/resize-droplet.saga';
import { ResizeStep, ResizeWithDiskStep } from './droplets/resize.steps';
import { SnapshotDropletSaga } from './droplets/snapshot-droplet.saga';
import { TakeSnapshotStep } from './droplets/take-snapshot.step';
import { ProviderLooks } from './looks/provider-looks';
import { DropletCalls } from './provider/droplet-calls';
import { ProjectCalls } from './provider/project-calls';
import { SnapshotCalls } from './provider/snapshot-calls';
import { TagCalls } from './provider/tag-calls';
import { Lineage } from './reaper/lineage';
import { Reaper } from './reaper/reaper';
import { SagaTagObjects } from './reaper/saga-tag-objects';
import { StrayLedger } from './reaper/stray-ledger';
import { ProvisionedSpecs } from './spec/provisioned-specs';

const SAGAS = [ProvisionDropletSaga, DestroyDropletSaga, SnapshotDropletSaga, ResizeDropletSaga];
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
];

/** The sagas that touch the provider. Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [SagaModule, InventoryModule, CatalogueModule],
  providers: [
    ...SAGAS,
    ...STEPS,
    DropletCalls,
    DropletEvent,
    DropletRemoval,
    OrderCheck,
    OwnDroplets,
    ProjectCalls,
    ProviderLooks,
    ProvisionedSpecs,
    SnapshotCalls,
    Lineage,
    Reaper,
    SagaTagObjects,
    StrayLedger,
    TagCalls,
  ],
  exports: [ProvisionedSpecs, Reaper],
})
export class ProvisioningModule implements OnModuleInit {
  constructor(
    private readonly registry: SagaRegistry,
    private readonly provision: ProvisionDropletSaga,
    private readonly destroy: DestroyDropletSaga,
    private readonly snapshot: SnapshotDropletSaga,
    private readonly resize: ResizeDropletSaga,
  ) {}

  onModuleInit(): void {
    this.registry.register(this.provision.definition);
    this.registry.register(this.destroy.definition);
    this.registry.register(this.snapshot.definition);
    this.registry.register(this.resize.definition);
  }
}
