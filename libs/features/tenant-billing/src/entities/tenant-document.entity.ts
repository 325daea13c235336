import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DocumentKind } from '../pricing/tenant-document';

/** A document as it was issued, with the tenant's proof. A trigger refuses every change. [TBL-4] */
@Entity('tenant_documents')
export class FrozenDocument {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly issuerId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('uuid')
  readonly invoiceId: string;

  @Column('text')
  readonly kind: DocumentKind;

  @Column('text')
  readonly number: string;

  /** Canonical JSON of a `TenantDocument`. */
  @Column('text')
  readonly json: string;

  @Column('text')
  readonly root: string;

  @Column('text')
  readonly signature: string;

  /** The tenant's proof, as canonical JSON. */
  @Column('text')
  readonly proof: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly issuedAt: Date;
}

/** The issuer's proof of a document: what stands behind its lines. Never for tenants. [TBL-7] */
@Entity('document_origins')
export class DocumentOrigins {
  @PrimaryColumn('uuid')
  readonly documentId: string;

  /** Canonical JSON. */
  @Column('text')
  readonly proof: string;
}
