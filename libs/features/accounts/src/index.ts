export { AccountBinding } from './account-binding';
export { AccountNotCheckedError, AccountUnknownError, OtherAccountError, ProjectNotFoundError } from './accounts.errors';
export { AccountsModule } from './accounts.module';
export { BoundProvider } from './bound-provider';
export {
  parseProject,
  PROJECT_COLUMNS,
  projectView,
  tenantInDescription,
  type ListedProject,
  type ProjectRow,
  type ProjectView,
} from './project';
export { PROJECT_NAMES } from './functions/project-names.sql';
