import { sql, TenantTransaction, Transaction, type DatabaseGauge } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { CreditNote } from '../entities/credit-note.entity';
import { DocumentFile } from '../entities/document-file.entity';
import { DocumentOrigins, FrozenDocument } from '../entities/tenant-document.entity';
import { IssuerLogo } from '../entities/issuer-logo.entity';
import type { DocumentKind, TenantDocument } from '../pricing/tenant-document';
import { DocumentNotFoundError, DocumentPendingError } from '../tenant-billing.errors';
import { Printer } from './printer';
import type { PrintedLogo } from './render-pdf';

export const PDF = 'application/pdf';

/** A document of an invoice, or a credit note. Without `kind` the last one: the void notice of an invoice that is void. */
export type DocumentRef = { readonly invoiceId: string; readonly kind?: DocumentKind } | { readonly creditNoteId: string };

export interface PrintedDocument {
  readonly number: string;
  readonly kind: DocumentKind;
  readonly sha256: string;
  readonly bytes: Buffer;
}

/**
 * Set-based: documents that are not printed, those that are due for payment first. Credit notes and void notices have the day of their issue. `order` is
 * the number of days since 2000. It begins with the few that wait, not with all documents. $1 how many.
 */
const DUE = `
select d.id, least(d.due_on - '2000-01-01'::date, 100000)::int as "order"
  from (select d.id, coalesce(case when d.kind = 'invoice' then i.due_on end, d.issued_at::date) as due_on
          from unprinted_documents u join tenant_documents d on d.id = u.document_id join tenant_invoices i on i.id = d.invoice_id) d
 order by d.due_on, d.id limit $1`;

/** Prints documents and reads them in the scope of the caller: the only writer of `document_files`. [TBL-4] [TBL-7] */
@Injectable()
export class DocumentFiles {
  private readonly printer = new Printer();

  constructor(
    private readonly transaction: Transaction,
    private readonly tenantTransaction: TenantTransaction,
  ) {}

  /** What is to be printed, in order of the due date. */
  due(most: number): Promise<{ id: string; order: number }[]> {
    return this.transaction.run((em) => sql(em, DUE, [most]));
  }

  /**
   * Prints a document from its frozen proof, once. Nothing is locked meanwhile: after a crash, or when two workers print the same document, the bytes
   * are the same, and the first ones are kept.
   */
  async render(documentId: string): Promise<void> {
    const found = await this.transaction.run(async (em) => {
      const document = (await em.existsBy(DocumentFile, { documentId })) ? null : await em.findOneBy(FrozenDocument, { id: documentId });
      return document && { document, logo: await logoOf(em, document) };
    });
    if (!found) return;
    const { document, logo } = found;
    const bytes = await this.printer.print(document.proof, logo);
    const file = {
      documentId,
      tenantId: document.tenantId,
      mediaType: PDF,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes,
    };
    await this.transaction.run((em) => em.createQueryBuilder().insert().into(DocumentFile).values(file).orIgnore().execute());
  }

  /** Throws `DocumentNotFoundError`, for a tenant also when the document is another one's, and `DocumentPendingError` until it is printed. */
  pdf(scope: Scope, of: DocumentRef): Promise<PrintedDocument> {
    return this.inScope(scope, async (em) => {
      const { id, number, kind } = await documentOf(em, of);
      const file = await em.findOneBy(DocumentFile, { documentId: id });
      if (!file) throw new DocumentPendingError();
      return { number, kind, sha256: file.sha256, bytes: file.bytes };
    });
  }

  /** The tenant's proof as canonical JSON, the same that is attached to the PDF. Throws `DocumentNotFoundError`. */
  proof(scope: Scope, of: DocumentRef): Promise<string> {
    return this.inScope(scope, async (em) => (await documentOf(em, of)).proof);
  }

  /** The issuer's proof, for platform admins only: row security keeps it from tenants too. Throws `DocumentNotFoundError`. */
  issuerProof(of: DocumentRef): Promise<string> {
    return this.transaction.run(async (em) => {
      const { id } = await documentOf(em, of);
      return (await em.findOneByOrFail(DocumentOrigins, { documentId: id })).proof;
    });
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.tenantTransaction.run(scope.tenantId, work) : this.transaction.run(work);
  }
}

async function logoOf(em: EntityManager, { json }: FrozenDocument): Promise<PrintedLogo | undefined> {
  const { logo_sha256: sha256 } = (JSON.parse(json) as TenantDocument).issuer;
  if (sha256 === null) return undefined;
  const { mediaType, bytes } = await em.findOneByOrFail(IssuerLogo, { sha256 });
  return { mediaType, bytes };
}

async function documentOf(em: EntityManager, of: DocumentRef): Promise<FrozenDocument> {
  const document = 'creditNoteId' in of ? await ofCreditNote(em, of.creditNoteId) : await ofInvoice(em, of.invoiceId, of.kind);
  if (!document) throw new DocumentNotFoundError();
  return document;
}

async function ofCreditNote(em: EntityManager, id: string): Promise<FrozenDocument | null> {
  const note = await em.findOneBy(CreditNote, { id });
  return note && em.findOneBy(FrozenDocument, { issuerId: note.issuerId, kind: 'credit_note', number: note.number });
}

async function ofInvoice(em: EntityManager, invoiceId: string, kind: DocumentKind | undefined): Promise<FrozenDocument | undefined> {
  const kinds: readonly DocumentKind[] = kind ? [kind] : ['void_notice', 'invoice'];
  const found = await em.findBy(
    FrozenDocument,
    kinds.map((one) => ({ invoiceId, kind: one })),
  );
  return found.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))[0];
}

export const DOCUMENT_METRICS: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_documents_oldest_waiting_seconds',
    help: 'Age of the oldest document of a tenant that is issued and not printed yet; 0 when there is none',
    labels: [],
    sql: `select coalesce(extract(epoch from clock_timestamp() - min(d.issued_at)), 0) as value
            from unprinted_documents u join tenant_documents d on d.id = u.document_id`,
  },
];
