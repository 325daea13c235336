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

/** A mirrored project as the API returns it. A `project_id` elsewhere is the `id` of one. */
export interface ProjectView {
  readonly id: string;
  readonly provider: string;
  /** Null for a fallback project that does not exist at the provider. */
  readonly provider_id: string | null;
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly environment: string | null;
  readonly is_default: boolean;
  readonly is_fallback: boolean;
  readonly tenant_id: string | null;
  readonly tenant_set_by: 'description' | 'admin' | null;
  readonly classification: string | null;
  readonly first_seen_at: string;
  readonly deleted_at: string | null;
}

export interface ProjectRow extends Omit<ProjectView, 'first_seen_at' | 'deleted_at'> {
  readonly first_seen_at: Date;
  readonly deleted_at: Date | null;
}

/** The columns of a `ProjectRow`. */
export const PROJECT_COLUMNS = `id, provider, provider_id, name, description, purpose, environment, is_default, is_fallback,
  tenant_id, tenant_set_by, classification, first_seen_at, deleted_at`;

export function projectView(row: ProjectRow): ProjectView {
  return { ...row, first_seen_at: row.first_seen_at.toISOString(), deleted_at: row.deleted_at?.toISOString() ?? null };
}
