import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, sql, Transaction } from '#libs/database';
import { ValidationFailedError } from '#libs/kernel';
import { TenantNotFoundError, TenantRegistry } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type EntityManager, type Repository } from 'typeorm';
import { BillingIssuer, type TaxId } from '../entities/billing-issuer.entity';
import { BillingProfile, type AutoMode, type TaxIdEvidence } from '../entities/billing-profile.entity';
import type { RunProblem } from '../pricing/run.states';
import { IssuerNotFoundError, VersionMovedError } from '../tenant-billing.errors';

/** The issuer that exists from the start. */
export const DEFAULT_ISSUER = 'default';

/** What an admin can change of an issuer. A whole set: what is left out becomes what it was when installed. */
export interface IssuerFields {
  readonly name: string | null;
  readonly address: string | null;
  readonly country: string | null;
  readonly tax_ids: readonly TaxId[];
  readonly bank_text: string | null;
  readonly number_prefix: string;
  readonly grace_days: number;
  readonly net_days: number;
  readonly issue_zero: boolean;
  readonly time_zone: string;
  /** ISO 4217: of invoices to tenants without a currency of their own. */
  readonly currency: string;
  /** Whether numbers begin anew each year. */
  readonly yearly: boolean;
}

/** Something that is missing for an invoice. */
export interface ProfileProblem {
  readonly field: string;
  readonly detail: string;
}

export interface IssuerView extends IssuerFields {
  readonly id: string;
  /** Set by `IssuerLogos`. */
  readonly logo_sha256: string | null;
  readonly version: number;
  readonly problems: readonly ProfileProblem[];
  readonly changed_by: string | null;
  readonly changed_at: string;
}

/** What an admin can change of a tenant's profile. A whole set: what is left out is empty. */
export interface ProfileFields {
  readonly legal_name: string | null;
  readonly address: string | null;
  readonly country: string | null;
  readonly is_business: boolean | null;
  readonly tax_id: string | null;
  readonly tax_id_evidence: TaxIdEvidence | null;
  /** ISO 4217; null: that of the issuer. */
  readonly currency: string | null;
  readonly net_days: number | null;
  readonly language: string | null;
  readonly email: string | null;
  readonly purchase_order: string | null;
  readonly auto: AutoMode;
  readonly paused: boolean;
}

export interface ProfileView extends ProfileFields {
  readonly tenant_id: string;
  /** 0 for a profile that was not written yet. */
  readonly version: number;
  readonly problems: readonly ProfileProblem[];
  readonly changed_by: string | null;
  readonly changed_at: string | null;
}

const REQUIRED_OF_ISSUER = ['name', 'address', 'country'] as const;
const REQUIRED_OF_PROFILE = ['legal_name', 'address', 'country', 'is_business'] as const;

const EMPTY: ProfileFields = {
  legal_name: null,
  address: null,
  country: null,
  is_business: null,
  tax_id: null,
  tax_id_evidence: null,
  currency: null,
  net_days: null,
  language: null,
  email: null,
  purchase_order: null,
  auto: 'off',
  paused: false,
};

/** Set-based: the profiles of many tenants. $1 tenants. */
const INCOMPLETE = `
select asked.id from unnest($1::text[]) asked(id) left join billing_profiles p on p.tenant_id = asked.id
 where p.legal_name is null or p.address is null or p.country is null or p.is_business is null order by asked.id collate "C"`;

/** Who sells and who buys: the only writer of `billing_profiles`, and of `billing_issuers` but for the logo. */
@Injectable()
export class BillingProfiles {
  constructor(
    @InjectRepository(BillingIssuer) private readonly issuers: Repository<BillingIssuer>,
    @InjectRepository(BillingProfile) private readonly profiles: Repository<BillingProfile>,
    private readonly tenants: TenantRegistry,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** Within a transaction `em` has to be given: if each took a second connection, they would wait for each other. Throws `IssuerNotFoundError`. */
  async issuer(id: string, em = this.issuers.manager): Promise<IssuerView> {
    const issuer = await em.findOneBy(BillingIssuer, { id });
    if (!issuer) throw new IssuerNotFoundError();
    return issuerView(issuer);
  }

  /** Throws `IssuerNotFoundError`, `VersionMovedError` when it changed since the caller read it, and `ValidationFailedError` for an unknown time zone. */
  async replaceIssuer(id: string, fields: IssuerFields, expectedVersion: number, because: AuditContext): Promise<IssuerView> {
    await this.transaction.run(async (em) => {
      const before = await em.findOne(BillingIssuer, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!before) throw new IssuerNotFoundError();
      if (before.version !== expectedVersion) throw new VersionMovedError(before.version);
      await requireZone(em, fields.time_zone);
      await em.update(
        BillingIssuer,
        { id },
        {
          name: fields.name,
          address: fields.address,
          country: fields.country,
          taxIds: fields.tax_ids.map((taxId) => ({ ...taxId })),
          bankText: fields.bank_text,
          numberPrefix: fields.number_prefix,
          graceDays: fields.grace_days,
          netDays: fields.net_days,
          issueZero: fields.issue_zero,
          timeZone: fields.time_zone,
          currency: fields.currency,
          yearly: fields.yearly,
          version: before.version + 1,
          changedBy: because.by.sub,
          changedAt: () => 'clock_timestamp()',
        },
      );
      const details = changesBetween(issuerView(before), fields);
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'billing_issuer_set',
        target: { type: 'billing_issuer', id },
        details,
      });
    });
    return this.issuer(id);
  }

  /** An empty profile for a tenant without one. Throws `TenantNotFoundError`. */
  async profile(tenantId: string): Promise<ProfileView> {
    await this.tenants.get(tenantId);
    return profileView(tenantId, await this.profiles.findOneBy({ tenantId }));
  }

  /** Throws `TenantNotFoundError`, and `VersionMovedError` when it changed since the caller read it. */
  async replaceProfile(tenantId: string, fields: ProfileFields, expectedVersion: number, because: AuditContext): Promise<ProfileView> {
    await this.transaction.run(async (em) => {
      const [tenant] = await sql(em, 'select id from tenants where id = $1 for update', [tenantId]); // Fenced: one change at a time
      if (!tenant) throw new TenantNotFoundError();
      const before = profileView(tenantId, await em.findOneBy(BillingProfile, { tenantId }));
      if (before.version !== expectedVersion) throw new VersionMovedError(before.version);
      await em.upsert(BillingProfile, rowOf(tenantId, fields, before.version + 1, because.by.sub), ['tenantId']);
      const details = { tenant_id: tenantId, ...changesBetween(before, fields) };
      const target = { type: 'tenant', id: tenantId };
      await this.audit.record(queryableOf(em), { ...because, action: 'billing_profile_set', target, details });
    });
    return this.profile(tenantId);
  }

  /** The profiles of many tenants, empty where there is none, in the caller's transaction. */
  async profilesOf(em: EntityManager, tenants: readonly string[]): Promise<Map<string, ProfileView>> {
    const rows = await em.findBy(BillingProfile, { tenantId: In([...tenants]) });
    const found = new Map(rows.map((row) => [row.tenantId, row]));
    return new Map(tenants.map((id) => [id, profileView(id, found.get(id) ?? null)]));
  }

  /** What the profiles of an issuer and of tenants lack, in the transaction of a rating. */
  async problemsOf(em: EntityManager, issuerId: string, tenants: readonly string[]): Promise<RunProblem[]> {
    const { problems } = await this.issuer(issuerId, em);
    const incomplete = await sql<{ id: string }>(em, INCOMPLETE, [tenants]);
    return [
      ...problems.map(({ detail }): RunProblem => ({
        code: 'issuer_incomplete',
        severity: 'warning',
        path: `issuers/${issuerId}`,
        detail,
      })),
      ...incomplete.map(({ id }): RunProblem => ({
        code: 'profile_incomplete',
        severity: 'warning',
        path: `tenants/${id}`,
        detail: `The billing profile of the tenant ${id} is incomplete; see GET /api/v1/tenants/${encodeURIComponent(id)}/billing-profile`,
      })),
    ];
  }
}

/** The database computes days of issue, so it is asked. Throws `ValidationFailedError`. */
async function requireZone(em: EntityManager, zone: string): Promise<void> {
  const [known] = await sql(em, 'select 1 from pg_timezone_names where name = $1', [zone]); // Fenced: what the clock of the database knows
  if (known) return;
  throw new ValidationFailedError([{ field: 'time_zone', message: `${zone} is no known time zone; use a name such as Australia/Sydney` }]);
}

function rowOf(tenantId: string, fields: ProfileFields, version: number, changedBy: string) {
  return {
    tenantId,
    legalName: fields.legal_name,
    address: fields.address,
    country: fields.country,
    isBusiness: fields.is_business,
    taxId: fields.tax_id,
    taxIdEvidence: fields.tax_id_evidence && { ...fields.tax_id_evidence },
    currency: fields.currency,
    netDays: fields.net_days,
    language: fields.language,
    email: fields.email,
    purchaseOrder: fields.purchase_order,
    auto: fields.auto,
    paused: fields.paused,
    version,
    changedBy,
    changedAt: () => 'clock_timestamp()',
  };
}

function issuerView(row: BillingIssuer): IssuerView {
  const { id, name, address, country, currency, version } = row;
  const view = { name, address, country };
  return {
    id,
    ...view,
    tax_ids: row.taxIds,
    bank_text: row.bankText,
    currency,
    number_prefix: row.numberPrefix,
    grace_days: row.graceDays,
    net_days: row.netDays,
    issue_zero: row.issueZero,
    time_zone: row.timeZone,
    yearly: row.yearly,
    logo_sha256: row.logoSha256,
    version,
    problems: REQUIRED_OF_ISSUER.filter((field) => view[field] === null).map((field) => missing(field, 'issuer')),
    changed_by: row.changedBy,
    changed_at: row.changedAt.toISOString(),
  };
}

function profileView(tenantId: string, row: BillingProfile | null): ProfileView {
  const fields = row ? fieldsOf(row) : EMPTY;
  return {
    tenant_id: tenantId,
    ...fields,
    version: row?.version ?? 0,
    problems: REQUIRED_OF_PROFILE.filter((field) => fields[field] === null).map((field) => missing(field, 'billing profile')),
    changed_by: row?.changedBy ?? null,
    changed_at: row?.changedAt.toISOString() ?? null,
  };
}

const fieldsOf = (row: BillingProfile): ProfileFields => ({
  legal_name: row.legalName,
  address: row.address,
  country: row.country,
  is_business: row.isBusiness,
  tax_id: row.taxId,
  tax_id_evidence: row.taxIdEvidence,
  currency: row.currency,
  net_days: row.netDays,
  language: row.language,
  email: row.email,
  purchase_order: row.purchaseOrder,
  auto: row.auto,
  paused: row.paused,
});

const missing = (field: string, of: string): ProfileProblem => ({ field, detail: `The ${of} has no ${field}, which an invoice needs` });

/** The changed fields with their old values as `previous_<field>`. */
function changesBetween<F extends object>(before: F, after: F): Record<string, unknown> {
  const names = (Object.keys(after) as (keyof F & string)[]).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(
    names.flatMap((name) => [
      [name, after[name]],
      [`previous_${name}`, before[name]],
    ]),
  );
}
