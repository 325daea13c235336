export { ProvisioningModule } from './provisioning.module';
export { ProvisionedSpecs, type Provisioned, type Spec } from './spec/provisioned-specs';
