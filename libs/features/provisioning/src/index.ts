export { ProvisioningModule } from './provisioning.module';
export { OWN_TAGS } from './provider/saga-tags';
export { Reaper } from './reaper/reaper';
export { DropletReverts } from './reverts/droplet-reverts';
export { DesiredStateRepository, type DesiredState, type Spec } from './spec/provisioned-specs';
