export { ProvisioningModule } from './provisioning.module';
export { Reaper } from './reaper/reaper';
export { ProvisionedSpecs, type Provisioned, type Spec } from './spec/provisioned-specs';
