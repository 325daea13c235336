import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readLogo, type LogoPicture } from '../documents/logo-picture';
import { BillingIssuer } from '../entities/billing-issuer.entity';
import { IssuerLogo } from '../entities/issuer-logo.entity';
import { IssuerNotFoundError, LogoNotFoundError, VersionMovedError } from '../tenant-billing.errors';

/** The logo of an issuer: the only writer of `billing_logos`. Drafts get a new one with their next refresh; what is approved or issued keeps its own. */
@Injectable()
export class IssuerLogos {
  constructor(
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** Throws `IssuerNotFoundError`, and `LogoNotFoundError` for an issuer without one. */
  async get(issuerId: string): Promise<Pick<LogoPicture, 'mediaType' | 'bytes'>> {
    return this.transaction.run(async (em) => {
      const issuer = await em.findOneBy(BillingIssuer, { id: issuerId });
      if (!issuer) throw new IssuerNotFoundError();
      const logo = issuer.logoSha256 === null ? null : await em.findOneBy(IssuerLogo, { sha256: issuer.logoSha256 });
      if (!logo) throw new LogoNotFoundError();
      return logo;
    });
  }

  /** Throws `IssuerNotFoundError`, `VersionMovedError`, and `ValidationFailedError` for a file that is no PNG or JPEG of a bounded size. */
  async set(issuerId: string, file: Buffer, expectedVersion: number, because: AuditContext): Promise<void> {
    const { sha256, mediaType, width, height, bytes } = readLogo(file);
    await this.transaction.run(async (em) => {
      const row = { sha256, mediaType, width, height, bytes, createdBy: because.by.sub };
      await em.createQueryBuilder().insert().into(IssuerLogo).values(row).orIgnore().execute();
      await this.change(em, issuerId, sha256, expectedVersion, because, { media_type: mediaType, width, height });
    });
  }

  /** Documents have no logo from the next draft on. Throws `IssuerNotFoundError` and `VersionMovedError`. */
  async remove(issuerId: string, expectedVersion: number, because: AuditContext): Promise<void> {
    await this.transaction.run((em) => this.change(em, issuerId, null, expectedVersion, because, {}));
  }

  private async change(
    em: EntityManager,
    id: string,
    logoSha256: string | null,
    expectedVersion: number,
    because: AuditContext,
    picture: object,
  ): Promise<void> {
    const before = await em.findOne(BillingIssuer, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!before) throw new IssuerNotFoundError();
    if (before.version !== expectedVersion) throw new VersionMovedError(before.version);
    const changed = { version: before.version + 1, changedBy: because.by.sub, changedAt: () => 'clock_timestamp()' };
    await em.update(BillingIssuer, { id }, { logoSha256, ...changed });
    const details = { logo_sha256: logoSha256, previous_logo_sha256: before.logoSha256, ...picture };
    await this.audit.record(queryableOf(em), { ...because, action: 'billing_issuer_set', target: { type: 'billing_issuer', id }, details });
  }
}
