export { LimitExceededError } from './acceptance/acceptance.errors';
export { ProvisioningModule } from './provisioning.module';
export { DesiredStateRepository } from './desired-state/desired-state.repository';
export { DESIRED_FIELDS, DesiredState, desiredFields, type Spec } from './entities/desired-state.entity';
export { OWN_TAGS } from './provider/tag-calls';
export { AdminsOnlyError } from './provisioning.errors';
export { Reaper } from './reaper/reaper';
export { DropletReverts, type RevertOrder } from './reverts/revert-droplet.saga';
