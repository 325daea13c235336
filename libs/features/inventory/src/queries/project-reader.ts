import { PROJECT_COLUMNS, type ProjectRow, type ProjectView, projectView } from '#libs/accounts';
import { Database } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { PROJECT_SWEEP } from '../kinds';
import { CompletenessReader } from './completeness-reader';

/** Reads the mirror of the provider's projects. */
@Injectable()
export class ProjectReader {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Includes deleted projects: their names and tenants still explain old costs. */
  async list(page: PageRequest): Promise<ListAnswer<ProjectView>> {
    const after = decodeCursor(page.cursor, UUID_KEY);
    const complete = await this.completeness.ofKind(PROJECT_SWEEP.kind);
    const rows = await this.database.query<ProjectRow>(
      `select ${PROJECT_COLUMNS} from cloud_projects where $1::uuid is null or id > $1 order by id limit $2`,
      [after, page.limit + 1],
    );
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map(projectView), page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }

  /** One project by our id, also a deleted one. */
  async find(id: string): Promise<ProjectView | undefined> {
    const [row] = await this.database.query<ProjectRow>(`select ${PROJECT_COLUMNS} from cloud_projects where id = $1`, [id]);
    return row && projectView(row);
  }

  /** The live projects of a tenant that exist at the provider. */
  async ofTenant(tenantId: string): Promise<ProjectView[]> {
    const rows = await this.database.query<ProjectRow>(
      `select ${PROJECT_COLUMNS} from cloud_projects where tenant_id = $1 and deleted_at is null and provider_id is not null order by id`,
      [tenantId],
    );
    return rows.map(projectView);
  }
}
