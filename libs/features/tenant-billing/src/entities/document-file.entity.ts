import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A document as it was printed, once. A trigger refuses every change. [TBL-4] */
@Entity('document_files')
export class DocumentFile {
  @PrimaryColumn('uuid')
  readonly documentId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('text')
  readonly mediaType: string;

  /** Of `bytes`. */
  @Column('text')
  readonly sha256: string;

  @Column('bytea')
  readonly bytes: Buffer;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly renderedAt: Date;
}

/** A document that waits to be printed. Triggers write it, with the document and with its file, for every release. */
@Entity('unprinted_documents')
export class UnprintedDocument {
  @PrimaryColumn('uuid')
  readonly documentId: string;
}
