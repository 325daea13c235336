import { DomainError } from '#libs/kernel';

/** There is no such resource, or it is another tenant's: both look the same from outside (TEN-3). */
export class ResourceNotFoundError extends DomainError {
  readonly code = 'resource_not_found';
  readonly category = 'not_found';

  constructor(readonly resourceId: string) {
    super('There is no such resource');
  }
}

/** There is no project with this id. */
export class ProjectNotFoundError extends DomainError {
  readonly code = 'project_not_found';
  readonly category = 'not_found';

  constructor(readonly projectId: string) {
    super('There is no such project');
  }
}
