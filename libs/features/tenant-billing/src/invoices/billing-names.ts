import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { RateCard } from '../entities/rate-card.entity';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { draftNumberOf } from './invoice-reader';

/** Names of records of the billing by their ids, as platform admins read them. */
@Injectable()
export class BillingNames {
  constructor(
    @InjectRepository(TenantInvoice) private readonly invoices: Repository<TenantInvoice>,
    @InjectRepository(RateCard) private readonly cards: Repository<RateCard>,
  ) {}

  /** The numbers of invoices, or their draft numbers until they are issued. */
  async ofInvoices(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.invoices.find({ where: { id: In([...new Set(ids)]) }, select: { id: true, number: true } });
    return new Map(found.map(({ id, number }) => [id, number ?? draftNumberOf(id)]));
  }

  async ofRateCards(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.cards.find({ where: { id: In([...new Set(ids)]) }, select: { id: true, name: true } });
    return new Map(found.map(({ id, name }) => [id, name]));
  }
}
