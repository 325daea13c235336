import { idText, optionalText, record, text } from '#libs/digitalocean';

/** A project as the provider lists it. Source: `GET /v2/projects`. */
export interface ListedProject {
  readonly providerId: string;
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly environment: string | null;
  readonly isDefault: boolean;
}

export function parseProject(raw: unknown): ListedProject {
  const project = record(raw, 'project');
  return {
    providerId: idText(project, 'id'),
    name: text(project, 'name'),
    description: optionalText(project, 'description') ?? '',
    purpose: optionalText(project, 'purpose') ?? '',
    environment: optionalText(project, 'environment'),
    isDefault: project.is_default === true,
  };
}

/** Letters, digits and `. _ -` inside. A full stop at the end belongs to the sentence, not to the tenant. */
const TENANT = /(?:^|[\s,;(])tenant:([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![A-Za-z0-9_-])/;
const LONGEST_TENANT = 64;

/**
 * The tenant that a project's description names as `tenant:<id>`, read when the project is first mirrored. Null for an id that is too long.
 */
export function tenantInDescription(description: string): string | null {
  const tenant = TENANT.exec(description)?.[1];
  return tenant !== undefined && tenant.length <= LONGEST_TENANT ? tenant : null;
}
