import { Database } from '#libs/database';
import { ChangeCauses, CompletenessReader } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { Severity } from '../comparison/severity';
import { DriftNotFoundError } from '../drift.error';
import { IGNORED } from '../rules/ignored.sql';
import { driftView, eventFields, SELECT_DRIFTS, type DriftRow, type DriftStatus, type DriftView } from './drift.view';

/** Filters of the inbox; all given ones must fit. */
export interface DriftFilters {
  /** Open ones unless told. */
  readonly status?: DriftStatus;
  readonly kind?: string;
  readonly tenant_id?: string;
  readonly resource_id?: string;
  readonly field?: string;
  readonly severity?: Severity;
  /** Open drifts that a rule overlooks, which are left out otherwise. */
  readonly ignored?: boolean;
}

/** Shows drifts: what waits for a decision, and what became of the others. */
@Injectable()
export class DriftInbox {
  constructor(
    private readonly database: Database,
    private readonly causes: ChangeCauses,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Newest first: ids of rows are ordered by time. */
  async list(filters: DriftFilters, page: PageRequest): Promise<ListAnswer<DriftView>> {
    const { status = 'open', kind, tenant_id, resource_id, field, severity, ignored = false } = filters;
    const complete = await this.completeness.ofKind(kind);
    const rows = await this.database.query<DriftRow>(LIST, [
      status,
      kind,
      tenant_id,
      resource_id,
      field,
      severity,
      ignored,
      decodeCursor(page.cursor, UUID_KEY),
      page.limit + 1,
    ]);
    const { shown, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: await this.views(shown), page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }

  /** Throws `DriftNotFoundError`. */
  async get(id: string): Promise<DriftView> {
    const [view] = await this.views(await this.database.query<DriftRow>(`${SELECT_DRIFTS} where d.id = $1`, [id]));
    if (!view) throw new DriftNotFoundError(id);
    return view;
  }

  private async views(rows: readonly DriftRow[]): Promise<DriftView[]> {
    const asked = rows.map(({ id, resource_id, field, changed_at }) => ({
      key: id,
      resource_id,
      fields: eventFields(field),
      until: changed_at,
    }));
    const causes = await this.causes.find(asked);
    return rows.map((row) => driftView(row, causes.get(row.id)));
  }
}

/** A drift that is over is shown whatever the rules say. */
const LIST = `${SELECT_DRIFTS}
 where d.status = $1 and ($2::text is null or r.kind = $2) and ($3::text is null or r.tenant_id = $3) and ($4::uuid is null or d.resource_id = $4)
   and ($5::text is null or d.field = $5) and ($6::text is null or d.severity = $6) and (d.status = 'open' and ${IGNORED}) = $7
   and ($8::uuid is null or d.id < $8)
 order by d.id desc limit $9`;
