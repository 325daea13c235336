export { AccountBinding } from './account-binding';
export { AccountNotCheckedError, AccountUnknownError, OtherAccountError, ProjectNotFoundError } from './accounts.errors';
export { AccountsModule } from './accounts.module';
export { BoundProvider } from './bound-provider';
export { parseProject, tenantInDescription, type ListedProject } from './project';
export { ProjectService, type ProjectChange, type ProjectView } from './project.service';
