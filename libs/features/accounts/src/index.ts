export { AccountBinding } from './account-binding';
export { AccountNotCheckedError, AccountUnknownError, OtherAccountError, ProjectNotFoundError } from './accounts.errors';
export { AccountsModule } from './accounts.module';
export { BoundProvider } from './account-binding';
export { PROJECT_NAMES } from './functions/project-names.sql';
export { parseProject, type ListedProject } from './project-mirror';
export { memberLine, ProjectMembershipRepository, type Member, type UnlistedMember } from './project-membership.repository';
export { ProjectMirror, type MirroredProject } from './project-mirror';
export { ProjectService, type OwnProject, type ProjectChange, type ProjectFilters, type ProjectView } from './project.service';
