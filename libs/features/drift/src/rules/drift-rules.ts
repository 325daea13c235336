import { AuditLog, type AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { InventoryReader } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { RuleNotFoundError } from '../drift.error';
import { RULE_COLUMNS, ruleView, type RuleOrder, type RuleRow, type RuleView } from './drift-rule';

/** What somebody has chosen to overlook, for how long and why: the only writer of `cloud_drift_rules`. */
@Injectable()
export class DriftRuleService {
  constructor(
    private readonly database: Database,
    private readonly inventory: InventoryReader,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first, expired ones too. */
  async list(page: PageRequest): Promise<ListAnswer<RuleView>> {
    const asOf = new Date().toISOString();
    const before = decodeCursor(page.cursor, UUID_KEY);
    const rows = await this.database.query<RuleRow>(
      `select ${RULE_COLUMNS} from cloud_drift_rules where $1::uuid is null or id < $1 order by id desc limit $2`,
      [before, page.limit + 1],
    );
    const { shown, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: shown.map(ruleView), page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /** Throws `ValidationFailedError` for a rule that names nothing or is over already, `ResourceNotFoundError` for one about nothing that exists. */
  async add(order: RuleOrder, because: AuditContext): Promise<RuleView> {
    const { tenant_id = null, kind = null, resource_id = null, field = null, reason, expires_at = null } = order;
    if ([tenant_id, kind, resource_id, field].every((named) => named === null))
      throw new ValidationFailedError([{ field: '', message: 'tenant_id, kind, resource_id or field must be given' }]);
    if (resource_id !== null) await this.inventory.get({ kind: 'platform' }, resource_id);
    return this.database.transaction(async (tx) => {
      const [row] = await tx.query<RuleRow>(
        `insert into cloud_drift_rules (tenant_id, kind, resource_id, field, reason, created_by, expires_at)
         select $1, $2, $3, $4, $5, $6, $7 where $7::timestamptz is null or $7::timestamptz > clock_timestamp() returning ${RULE_COLUMNS}`,
        [tenant_id, kind, resource_id, field, reason, because.by.sub, expires_at],
      );
      if (!row) throw new ValidationFailedError([{ field: 'expires_at', message: 'expires_at must be in the future' }]);
      const details = { tenant_id, kind, resource_id, field, expires_at };
      await this.audit.record(tx, { ...because, action: 'drift_rule_added', target: { type: 'drift_rule', id: row.id }, details });
      return ruleView(row);
    });
  }

  /** Answers the rule that was. Throws `RuleNotFoundError`. */
  async remove(id: string, because: AuditContext): Promise<RuleView> {
    return this.database.transaction(async (tx) => {
      const [row] = await tx.query<RuleRow>(`delete from cloud_drift_rules where id = $1 returning ${RULE_COLUMNS}`, [id]);
      if (!row) throw new RuleNotFoundError(id);
      const { tenant_id, kind, resource_id, field, reason, expires_at } = ruleView(row);
      const details = { tenant_id, kind, resource_id, field, reason, expires_at };
      await this.audit.record(tx, { ...because, action: 'drift_rule_removed', target: { type: 'drift_rule', id }, details });
      return ruleView(row);
    });
  }
}
