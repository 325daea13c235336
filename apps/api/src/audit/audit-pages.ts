import { Injectable } from '@nestjs/common';
import { AuditLog, type AuditView } from '#libs/audit';
import { decodeCursor, encodeCursor, SEQUENCE_KEY, type ListAnswer } from '#libs/kernel';
import type { PageQuery } from '../requests/page.query';

/** The audit log in the list envelope, newest first. It is complete whenever it is read, because changes and entries are one transaction (OPS-9). */
@Injectable()
export class AuditPages {
  constructor(private readonly audit: AuditLog) {}

  async list({ limit, cursor }: PageQuery): Promise<ListAnswer<AuditView>> {
    const asOf = new Date().toISOString();
    const { entries, nextSeq } = await this.audit.list(limit, decodeCursor(cursor, SEQUENCE_KEY) ?? undefined);
    return { data: entries, page: { next_cursor: nextSeq === null ? null : encodeCursor(nextSeq) }, as_of: asOf, completeness: {} };
  }
}
