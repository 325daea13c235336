/** A mirrored project as the API shows it. `project_id`s elsewhere are its `id`. */
export interface ProjectView {
  readonly id: string;
  readonly provider: string;
  /** Null for a fallback project that exists only here. */
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
