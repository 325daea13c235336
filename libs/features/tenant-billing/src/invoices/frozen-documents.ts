import { sql } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DocumentSealer, type SealedDocument } from '../documents/document-sealer';
import { DocumentOrigins, FrozenDocument } from '../entities/tenant-document.entity';
import type { LineOrigin, TenantDocument } from '../pricing/tenant-document';
import { EarlierIssueDateError } from '../tenant-billing.errors';
import { BillingPush } from './billing-push';

/** The series that are numbered without gaps. */
export type DocumentSeries = 'invoice' | 'credit_note';

export interface TakenNumber {
  readonly number: string;
  /** The given day, else today in the time zone of the issuer. */
  readonly issuedOn: string;
}

/**
 * Fenced: the row of the series is locked from here to the end of the transaction, so numbers follow each other without gaps, and one that is rolled
 * back is taken again. Days never go back within a series: without a given day it is today, or the day of the last number where the issuer's clock was set
 * back; a given day before it takes no number. $1 issuer, $2 series, $3 the given day or null.
 */
const NEXT_NUMBER = `
with issuer as (
  select number_prefix, yearly, coalesce($3::date, (clock_timestamp() at time zone time_zone)::date) as day from billing_issuers where id = $1)
insert into number_series as s (issuer_id, series, last_number, last_issued_on)
select $1, case when yearly then $2 || '/' || to_char(day, 'YYYY') else $2 end, 1, day from issuer
on conflict (issuer_id, series) do update set last_number = s.last_number + 1, last_issued_on = greatest(s.last_issued_on, excluded.last_issued_on)
  where $3::date is null or s.last_issued_on is null or s.last_issued_on <= $3::date
returning last_number, last_issued_on::text as day, (select number_prefix from issuer) as prefix, (select yearly from issuer) as yearly`;

const DIGITS = 5;
const CREDIT_NOTE_PREFIX = 'CN-';

/** Numbers and freezes documents: the only writer of `number_series`, `tenant_documents` and `document_origins`. [TBL-3] [TBL-4] */
@Injectable()
export class FrozenDocuments {
  constructor(
    private readonly sealer: DocumentSealer,
    private readonly push: BillingPush,
  ) {}

  /**
   * Takes the next number, in the transaction that freezes its document. Do everything slow before. `on`: the day of issue, today unless given. Throws
   * `EarlierIssueDateError` for a day before that of the last number.
   */
  async nextNumber(em: EntityManager, issuerId: string, series: DocumentSeries, on: string | null = null): Promise<TakenNumber> {
    type Row = { readonly last_number: number; readonly day: string; readonly prefix: string; readonly yearly: boolean };
    const [row] = await sql<Row>(em, NEXT_NUMBER, [issuerId, series, on]);
    if (!row) throw new EarlierIssueDateError(on ?? '');
    const prefix = series === 'invoice' ? row.prefix : CREDIT_NOTE_PREFIX;
    const year = row.yearly ? `${row.day.slice(0, 4)}-` : '';
    return { number: `${prefix}${year}${String(row.last_number).padStart(DIGITS, '0')}`, issuedOn: row.day };
  }

  /** Seals a document, stores it with both proofs, and announces it. Throws `RangeError` for a document that does not add up, a bug. */
  async freeze(
    em: EntityManager,
    {
      document,
      origins,
      issuerId,
      invoiceId,
    }: {
      readonly document: TenantDocument;
      readonly origins: readonly LineOrigin[];
      readonly issuerId: string;
      readonly invoiceId: string;
    },
  ): Promise<{ readonly id: string; readonly sealed: SealedDocument }> {
    const sealed = this.sealer.seal(document, origins);
    const { kind, number, tenant_id: tenantId } = document;
    const { json, root, signature, tenantProof: proof, sha256 } = sealed;
    const { identifiers } = await em.insert(FrozenDocument, { issuerId, tenantId, invoiceId, kind, number, json, root, signature, proof });
    const id = String(identifiers[0]?.id);
    await em.insert(DocumentOrigins, { documentId: id, proof: sealed.issuerProof });
    await this.push.announce(em, id, sha256);
    return { id, sealed };
  }
}
