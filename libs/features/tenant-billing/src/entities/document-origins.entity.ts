import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The issuer's proof of a document: what stands behind its lines. Never for tenants. [TBL-7] */
@Entity('document_origins')
export class DocumentOrigins {
  @PrimaryColumn('uuid')
  readonly documentId: string;

  /** Canonical JSON. */
  @Column('text')
  readonly proof: string;
}
