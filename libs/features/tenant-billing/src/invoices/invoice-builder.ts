import { lockTransaction, queryableOf, sql, Transaction, type Queryable } from '#libs/database';
import { Money } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AutoMode } from '../entities/billing-profile.entity';
import { FxRate } from '../entities/fx-rate.entity';
import type { TenantInvoice } from '../entities/tenant-invoice.entity';
import { firstDay, monthOf, monthsLater } from '../months';
import { BillingProfiles, type IssuerView, type ProfileView } from '../profiles/billing-profiles';
import { Wallets } from '../wallets/wallets';
import { decideTax, type CountingRule } from '../tax/decide-tax';
import { TaxRules } from '../tax/tax-rules';
import { PeriodNotReadyError } from '../tenant-billing.errors';
import { composeDraft, PROVIDER_CURRENCY, WITHOUT_RULES, type Draft, type DraftInputs, type SourceLine } from './draft';
import { INSERT_DRAFTS, INSERT_LINES, LOCK_DRAFTS, READINESS, SOURCE_LINES, TENANTS_WITH_LINES, UPDATE_DRAFTS } from './draft.sql';
import { draftChunks, lineParts } from './draft-chunks';
import { isCritical, type Adjustment, type ExchangeRate } from '../pricing/invoice.states';

/** What decides a draft besides its sources. */
type DraftHead = Pick<TenantInvoice, 'id' | 'issuerId' | 'tenantId' | 'kind' | 'period' | 'adjustments'>;

/** What a build did. `drafts` is the sum of `written` and `unchanged`. */
export interface BuildReport {
  readonly period: string;
  readonly drafts: number;
  readonly written: number;
  readonly unchanged: number;
  /** Drafts that have no lines any more. */
  readonly deleted: number;
  /** Drafts with a critical problem. */
  readonly stopped: number;
}

interface LockedDraft {
  readonly id: string;
  readonly tenant_id: string;
  readonly digest: string | null;
  readonly adjustments: readonly Adjustment[];
  readonly auto: AutoMode;
}

/** Makes drafts from rated months: the only writer of the lines of invoices. A build changes nothing where nothing has changed. [TBL-2] */
@Injectable()
export class InvoiceBuilder {
  constructor(
    private readonly transaction: Transaction,
    private readonly profiles: BillingProfiles,
    private readonly taxRules: TaxRules,
    private readonly wallets: Wallets,
  ) {}

  /**
   * Refuses a month that is not complete: its drafts would lack lines. A one-off invoice needs no month. `invoices` may be of several months. Throws
   * `PeriodNotReadyError`.
   */
  async requireReady(tx: Queryable, invoices: readonly Pick<TenantInvoice, 'issuerId' | 'period'>[]): Promise<void> {
    const months = new Map(invoices.map(({ issuerId, period }) => [`${issuerId} ${period}`, { issuerId, period }]));
    for (const { issuerId, period } of months.values()) {
      if (period === null) continue;
      const reasons = await tx.query<{ code: string; detail: string }>(READINESS, [issuerId, period]);
      if (reasons.length > 0) throw new PeriodNotReadyError(monthOf(period), reasons);
    }
  }

  /**
   * Builds the drafts of a month anew, in one transaction: every tenant with lines or corrections gets one, and a draft without lines is deleted.
   * Builds wait for each other. Throws `PeriodNotReadyError`.
   */
  build(issuerId: string, month: string, by: string): Promise<BuildReport> {
    const period = firstDay(month);
    return this.transaction.bulkLoad(async (em, tx) => {
      await lockTransaction(tx, 'invoicing');
      await this.requireReady(tx, [{ issuerId, period }]);
      const counts = await tx.query<{ tenant_id: string; lines: number }>(TENANTS_WITH_LINES, [issuerId, period, null]);
      const linesOf = new Map(counts.map(({ tenant_id, lines }) => [tenant_id, lines]));
      await tx.query(INSERT_DRAFTS, [issuerId, period, [...linesOf.keys()], by]);
      const drafts = await tx.query<LockedDraft>(LOCK_DRAFTS, [issuerId, period]);
      const report = { period: monthOf(period), drafts: 0, written: 0, deleted: 0, stopped: 0 };
      for (const chunk of draftChunks(drafts, ({ tenant_id }) => linesOf.get(tenant_id) ?? 0)) {
        const derived = await this.derive(em, chunk.map((draft) => headOf(draft, issuerId, period))); // prettier-ignore
        const found = chunk.flatMap((before) => {
          const one = derived.get(before.id);
          return one ? [{ before, ...one }] : [];
        });
        const empty = found.filter(({ isEmpty }) => isEmpty);
        const changed = found.filter(
          ({ isEmpty, before, draft, auto }) => !isEmpty && (draft.digest !== before.digest || auto !== before.auto),
        );
        await this.delete(tx, empty.map(({ before }) => before.id)); // prettier-ignore
        await this.write(tx, changed.map(({ before: { id, adjustments }, draft, auto }) => ({ id, draft, adjustments, auto })), by, 1); // prettier-ignore
        report.deleted += empty.length;
        report.written += changed.length;
        report.drafts += found.length - empty.length;
        report.stopped += found.filter(({ isEmpty, draft }) => !isEmpty && draft.problems.some(isCritical)).length;
      }
      await tx.query(
        `update billing_runs set drafts_built_at = clock_timestamp()
          where issuer_id = $1 and period = $2::date and status = 'completed' and finished_at <= transaction_timestamp()`,
        [issuerId, period],
      ); // Set-based: the runs of the month that had ended when the build began. A later one may be in none or some of the drafts
      return { ...report, unchanged: report.drafts - report.written };
    });
  }

  /** The draft that the sources of this moment give, in the caller's transaction. It writes nothing. */
  async deriveOne(em: EntityManager, invoice: TenantInvoice, adjustments = invoice.adjustments): Promise<Draft> {
    const { id, issuerId, tenantId, kind, period } = invoice;
    const derived = await this.derive(em, [{ id, issuerId, tenantId, kind, period, adjustments }]);
    const found = derived.get(invoice.id);
    if (!found) throw new Error(`the draft ${invoice.id} has no sources`);
    return found.draft;
  }

  /** `deriveOne` for several invoices, in their order. */
  async deriveAll(em: EntityManager, invoices: readonly TenantInvoice[]): Promise<Draft[]> {
    const derived = new Map<string, Derived>();
    const months = new Set(invoices.map(({ issuerId, period }) => `${issuerId} ${period}`));
    for (const month of months) {
      const heads = invoices.filter(({ issuerId, period }) => `${issuerId} ${period}` === month);
      for (const [id, one] of await this.derive(em, heads)) derived.set(id, one);
    }
    return invoices.map(({ id }) => {
      const found = derived.get(id);
      if (!found) throw new Error(`the draft ${id} has no sources`);
      return found.draft;
    });
  }

  /** Replaces the lines and totals of a locked draft; its version rises with the verb. */
  async replace(em: EntityManager, invoice: TenantInvoice, draft: Draft, adjustments: readonly Adjustment[], by: string): Promise<void> {
    await this.write(queryableOf(em), [{ id: invoice.id, draft, adjustments, auto: invoice.auto }], by, 0);
  }

  private async derive(em: EntityManager, heads: readonly DraftHead[]): Promise<Map<string, Derived>> {
    const derived = new Map<string, Derived>();
    const [first] = heads;
    if (!first) return derived;
    const tenants = heads.map(({ tenantId }) => tenantId);
    const { period, issuerId } = first;
    const issuer = await this.profiles.issuer(issuerId, em);
    const profiles = await this.profiles.profilesOf(em, tenants);
    const rows = period === null ? [] : await sql<SourceLine>(em, SOURCE_LINES, [issuerId, period, tenants]);
    const linesOf = new Map<string, SourceLine[]>();
    for (const row of rows) {
      const lines = linesOf.get(row.tenant_id);
      if (lines) lines.push(row);
      else linesOf.set(row.tenant_id, [row]);
    }
    const rates = await this.ratesOf(em, period);
    const rules = await this.taxRules.counting(em, issuerId);
    const promotions = await this.wallets.promotionsOf(em, tenants);
    for (const { id, tenantId, kind, adjustments } of heads) {
      const profile = profiles.get(tenantId);
      if (!profile) continue;
      const currency = profile.currency ?? issuer.currency;
      const tax = taxOf(rules, tenantId, issuer, profile);
      const lines = linesOf.get(tenantId) ?? [];
      const fx = currency === PROVIDER_CURRENCY ? null : (rates.get(currency) ?? null);
      const promotion = promotions.get(`${tenantId} ${currency}`) ?? NOTHING;
      const draft = composeDraft({ tenantId, kind, lines, adjustments, issuer, profile, fx, tax, promotion });
      derived.set(id, { draft, auto: profile.auto, isEmpty: kind === 'standard' && lines.length + adjustments.length === 0 });
    }
    return derived;
  }

  /** The rates of a month: the last ones until its end. Of a one-off invoice: the last ones until today. */
  private async ratesOf(em: EntityManager, period: string | null): Promise<Map<string, ExchangeRate>> {
    const before = period === null ? `(clock_timestamp() at time zone 'UTC')::date + 1` : ':before::date';
    const rows = await em
      .createQueryBuilder(FxRate, 'r')
      .distinctOn(['r.currency'])
      .where(`r.validOn < ${before}`, period === null ? {} : { before: monthsLater(period, 1) })
      .orderBy('r.currency')
      .addOrderBy('r.validOn', 'DESC')
      .getMany();
    return new Map(rows.map(({ currency, rate, source, validOn }) => [currency, { rate, source, on: validOn }]));
  }

  /** The lines go with their drafts. */
  /** Set-based: deletes drafts with their lines. */
  async delete(tx: Queryable, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.query('delete from tenant_invoice_lines where invoice_id = any ($1::uuid[])', [ids]);
    await tx.query(`delete from tenant_invoices where id = any ($1::uuid[]) and status = 'draft'`, [ids]);
  }

  private async write(tx: Queryable, drafts: readonly WrittenDraft[], by: string, versions: 0 | 1): Promise<void> {
    if (drafts.length === 0) return;
    await tx.query('delete from tenant_invoice_lines where invoice_id = any ($1::uuid[])', [drafts.map(({ id }) => id)]); // Set-based: whole sets
    const lines = drafts.flatMap(({ id, draft }) => draft.lines.map((line) => ({ invoice_id: id, ...line })));
    for (const part of lineParts(lines)) await tx.query(INSERT_LINES, [JSON.stringify(part)]);
    const heads = drafts.map(({ id, draft, adjustments, auto }) => {
      const { lines: of, terms: _terms, ...totals } = draft;
      const priced = adjustments.map((one) => ({ currency: draft.currency, ...one })); // a line keeps the currency in which it was added
      return { id, ...totals, line_count: of.length, auto, adjustments: priced };
    });
    await tx.query(UPDATE_DRAFTS, [JSON.stringify(heads), by, versions]);
  }
}

const NOTHING = Money.parse('0');

interface Derived {
  readonly draft: Draft;
  readonly auto: AutoMode;
  /** No source has a line. */
  readonly isEmpty: boolean;
}

type WrittenDraft = Omit<Derived, 'isEmpty'> & { readonly id: string; readonly adjustments: readonly Adjustment[] };

const headOf = ({ id, tenant_id, adjustments }: LockedDraft, issuerId: string, period: string): DraftHead => ({
  id,
  issuerId,
  tenantId: tenant_id,
  kind: 'standard',
  period,
  adjustments,
});

function taxOf(
  rules: readonly CountingRule[],
  tenantId: string,
  { country, tax_ids }: IssuerView,
  profile: ProfileView,
): DraftInputs['tax'] {
  if (rules.length === 0) return WITHOUT_RULES;
  const { is_business, tax_id, tax_id_evidence } = profile;
  const customer = { tenant_id: tenantId, country: profile.country, is_business, tax_id, tax_id_evidence };
  return decideTax(rules, { issuer: { country, tax_ids }, customer });
}
