import { AuditLog, type AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { InventoryReader } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { RuleNotFoundError } from './drift.errors';

/** An ignore rule matches a drift to which all fields that it names apply. A rule names at least one. */
export interface RuleMatch {
  readonly tenant_id?: string | null;
  readonly kind?: string | null;
  readonly resource_id?: string | null;
  readonly field?: string | null;
}

/** A request to create an ignore rule. */
export interface RuleOrder extends RuleMatch {
  readonly reason: string;
  /** RFC 3339. Without it the rule applies until an operator deletes it. */
  readonly expires_at?: string | null;
}

/** An ignore rule as the API returns it. */
export interface RuleView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string | null;
  readonly resource_id: string | null;
  readonly field: string | null;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  /** The rule has expired and matches no drift any more. */
  readonly expired: boolean;
}

interface RuleRow extends Omit<RuleView, 'created_at' | 'expires_at'> {
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

/** The columns of a `RuleRow`. */
const RULE_COLUMNS = `id, tenant_id, kind, resource_id, field, reason, created_by, created_at, expires_at,
  coalesce(expires_at <= clock_timestamp(), false) as expired`;

/** Drift ignore rules: the only writer of `cloud_drift_rules`. */
@Injectable()
export class DriftRuleService {
  constructor(
    private readonly database: Database,
    private readonly inventory: InventoryReader,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first, with the expired ones. */
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

  /**
   * Throws `ValidationFailedError` for a rule that names no field or has expired already, and `ResourceNotFoundError` for one about an
   * unknown resource.
   */
  async create(order: RuleOrder, because: AuditContext): Promise<RuleView> {
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

  /** Returns the deleted rule. Throws `RuleNotFoundError`. */
  async delete(id: string, because: AuditContext): Promise<RuleView> {
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

function ruleView({ created_at, expires_at, ...rule }: RuleRow): RuleView {
  return { ...rule, created_at: created_at.toISOString(), expires_at: expires_at?.toISOString() ?? null };
}
