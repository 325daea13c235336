export { ProvisioningModule } from './provisioning.module';
export { DesiredStateRepository, type DesiredState, type Spec } from './desired-state/desired-state.repository';
export { OWN_TAGS } from './provider/tag-calls';
export { Reaper } from './reaper/reaper';
export { DropletReverts } from './reverts/revert-droplet.saga';
