import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { canonicalJson, decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { createHash } from 'node:crypto';
import { In, type EntityManager, type Repository } from 'typeorm';
import { RateCard } from '../entities/rate-card.entity';
import { RateCardVersion } from '../entities/rate-card-version.entity';
import { RateRow } from '../entities/rate.entity';
import { firstDay, monthOf } from '../months';
import {
  MonthTakenError,
  RateCardExistsError,
  RateCardNotFoundError,
  RateCardVersionNotFoundError,
  VersionPublishedError,
} from '../tenant-billing.errors';
import { readModel, readMonthlyTerms, type MonthlyTerms, type RateModel } from '../pricing/rate-model';
import { readSelector, type Rate, type Selector } from '../pricing/selector';
import { CardPrices } from './price-plan-reader';
import { RateAssignments } from './rate-assignments';

export interface RateCardView {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  /** In the present month. */
  readonly is_default: boolean;
  readonly created_by: string;
  readonly created_at: string;
}

export interface RateCardChange {
  readonly name?: string;
  readonly is_default?: true;
  /** The first month in which it is the default. */
  readonly default_from?: string;
}

/** One rate as an admin gives it. Selector and model are checked here. */
export interface RateInput {
  readonly selector?: unknown;
  readonly model: unknown;
  readonly priority?: number;
}

/** The content of a version that is not published yet. */
export interface VersionInput {
  /** A month, `2026-12`. */
  readonly valid_from: string;
  readonly rates: readonly RateInput[];
  readonly monthly?: unknown;
}

export interface RateCardVersionView {
  readonly id: string;
  readonly version: number;
  readonly valid_from: string;
  readonly published_at: string | null;
  readonly published_by: string | null;
  readonly digest: string | null;
  readonly rates: readonly Rate[];
  readonly monthly: MonthlyTerms;
}

interface CheckedVersion {
  readonly validFrom: string;
  readonly monthly: MonthlyTerms;
  readonly rates: readonly { readonly selector: Selector; readonly model: RateModel; readonly priority: number }[];
}

const VERSION_CURSOR = /^[1-9]\d{0,8}$/;

/** Cards and their versions: the only writer of `rate_cards`, `rate_card_versions` and `rates`. */
@Injectable()
export class RateCardService {
  constructor(
    @InjectRepository(RateCard) private readonly cards: Repository<RateCard>,
    @InjectRepository(RateCardVersion) private readonly versions: Repository<RateCardVersion>,
    @InjectRepository(RateRow) private readonly rates: Repository<RateRow>,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
    private readonly cardPrices: CardPrices,
    private readonly assignments: RateAssignments,
  ) {}

  /** The names of the cards among `ids`. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.cards.find({ where: { id: In([...new Set(ids)]) }, select: { id: true, name: true } });
    return new Map(found.map(({ id, name }) => [id, name]));
  }

  /** Newest first. */
  async list(page: PageRequest): Promise<ListAnswer<RateCardView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.cards.createQueryBuilder('c').orderBy('c.id', 'DESC');
    if (before !== null) query.andWhere('c.id < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
    return { data: items.map(cardView), page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** Throws `RateCardNotFoundError`. */
  async get(id: string): Promise<RateCardView> {
    return cardView(await requireCard(this.cards.manager, id, false));
  }

  /** Throws `RateCardExistsError`. */
  async create(name: string, because: AuditContext): Promise<RateCardView> {
    return this.transaction.run(async (em) => {
      await requireFreeName(em, name);
      const { identifiers } = await em.insert(RateCard, { name, createdBy: because.by.sub });
      const card = await em.findOneByOrFail(RateCard, { id: String(identifiers[0]?.id) });
      await this.record(em, because, 'rate_card_created', card.id, { name });
      return cardView(card);
    });
  }

  /**
   * Renames a card, or makes it the default from a month on, the present one unless given. Throws `RateCardNotFoundError`, `RateCardExistsError`, and
   * `MonthIssuedError` for a month with issued invoices.
   */
  async update(id: string, { name, is_default, default_from }: RateCardChange, because: AuditContext): Promise<RateCardView> {
    const from = is_default ? monthOf(default_from ?? new Date().toISOString()) : null;
    const changed = await this.transaction.run(async (em) => {
      const before = await requireCard(em, id);
      if (name !== undefined && name.toLowerCase() !== before.name.toLowerCase()) await requireFreeName(em, name);
      if (name !== undefined) await em.update(RateCard, { id }, { name });
      if (from !== null) await this.assignments.makeDefault(em, id, from);
      const card = await em.findOneByOrFail(RateCard, { id });
      if (card.isDefaultNow && !before.isDefaultNow) {
        await em.update(RateCard, { isDefaultForPreviousRelease: true }, { isDefaultForPreviousRelease: false });
        await em.update(RateCard, { id }, { isDefaultForPreviousRelease: true });
      }
      const previous = { previous_name: before.name, previous_is_default: before.isDefaultNow };
      const details = { name: card.name, is_default: card.isDefaultNow, ...previous, ...(from !== null && { default_from: from }) };
      await this.record(em, because, 'rate_card_changed', id, details);
      return cardView(card);
    });
    this.cardPrices.forget();
    return changed;
  }

  /** The versions of a card, newest first. Throws `RateCardNotFoundError`. */
  async listVersions(id: string, page: PageRequest): Promise<ListAnswer<RateCardVersionView>> {
    await requireCard(this.cards.manager, id, false);
    const before = decodeCursor(page.cursor, VERSION_CURSOR);
    const query = this.versions.createQueryBuilder('v').where('v.cardId = :id', { id }).orderBy('v.version', 'DESC');
    if (before !== null) query.andWhere('v.version < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ version }) => String(version));
    const data = await Promise.all(
      items.map(async (version) => versionView(version, await ratesOf(this.rates.manager, id, version.version))),
    );
    return { data, page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** Adds a version that counts for nothing until it is published. Throws `ValidationFailedError` and `RateCardNotFoundError`. */
  async createVersion(id: string, input: VersionInput, because: AuditContext): Promise<RateCardVersionView> {
    const checked = checkedVersion(input);
    return this.transaction.run(async (em) => {
      await requireCard(em, id);
      const version = ((await em.maximum(RateCardVersion, 'version', { cardId: id })) ?? 0) + 1;
      const { validFrom, monthly } = checked;
      await em.insert(RateCardVersion, { cardId: id, version, validFrom, monthly: { ...monthly }, createdBy: because.by.sub });
      await insertRates(em, id, version, checked);
      await this.record(em, because, 'rate_card_version_created', id, {
        version,
        valid_from: monthOf(validFrom),
        rates: checked.rates.length,
      });
      return this.versionIn(em, id, version);
    });
  }

  /** Replaces a version as a whole. Throws `VersionPublishedError` for one that is published, `RateCardVersionNotFoundError`. */
  async replaceVersion(id: string, version: number, input: VersionInput, because: AuditContext): Promise<RateCardVersionView> {
    const checked = checkedVersion(input);
    return this.transaction.run(async (em) => {
      await requireUnpublished(em, id, version);
      const { validFrom, monthly } = checked;
      await em.update(RateCardVersion, { cardId: id, version }, { validFrom, monthly: { ...monthly } });
      await em.delete(RateRow, { cardId: id, version });
      await insertRates(em, id, version, checked);
      await this.record(em, because, 'rate_card_version_changed', id, {
        version,
        valid_from: monthOf(validFrom),
        rates: checked.rates.length,
      });
      return this.versionIn(em, id, version);
    });
  }

  /** From its month on the version counts, and never changes. Throws `VersionPublishedError` and `MonthTakenError`. */
  async publish(id: string, version: number, because: AuditContext): Promise<RateCardVersionView> {
    const changed = await this.transaction.run(async (em) => {
      const card = await requireCard(em, id);
      const row = await requireUnpublished(em, id, version);
      const published = await em.findBy(RateCardVersion, { cardId: id, validFrom: row.validFrom });
      if (published.some(({ publishedAt }) => publishedAt !== null)) throw new MonthTakenError(monthOf(row.validFrom));
      const digest = versionDigest(card.currency, row, await ratesOf(em, id, version));
      const values = { digest, publishedBy: because.by.sub, publishedAt: () => 'clock_timestamp()' };
      await em.update(RateCardVersion, { cardId: id, version }, values);
      await this.record(em, because, 'rate_card_version_published', id, { version, valid_from: monthOf(row.validFrom), digest });
      return this.versionIn(em, id, version);
    });
    this.cardPrices.forget();
    return changed;
  }

  /** Throws `RateCardVersionNotFoundError`. */
  version(id: string, version: number): Promise<RateCardVersionView> {
    return this.versionIn(this.versions.manager, id, version);
  }

  private async versionIn(em: EntityManager, cardId: string, version: number): Promise<RateCardVersionView> {
    const row = await em.findOneBy(RateCardVersion, { cardId, version });
    if (!row) throw new RateCardVersionNotFoundError();
    return versionView(row, await ratesOf(em, cardId, version));
  }

  private record(em: EntityManager, because: AuditContext, action: string, id: string, details: Record<string, unknown>): Promise<void> {
    return this.audit.record(queryableOf(em), { ...because, action, target: { type: 'rate_card', id }, details });
  }
}

/** SHA-256 over everything of a version that decides a price. */
export function versionDigest(currency: string, { validFrom, monthly }: RateCardVersion, rates: readonly Rate[]): string {
  const content = { currency, valid_from: monthOf(validFrom), monthly, rates };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function checkedVersion({ valid_from, rates, monthly }: VersionInput): CheckedVersion {
  return {
    validFrom: firstDay(valid_from),
    monthly: readMonthlyTerms(monthly, 'monthly'),
    rates: rates.map(({ selector, model, priority = 0 }, at) => ({
      selector: readSelector(selector, `rates.${at}.selector`),
      model: readModel(model, `rates.${at}.model`),
      priority,
    })),
  };
}

async function insertRates(em: EntityManager, cardId: string, version: number, { rates }: CheckedVersion): Promise<void> {
  if (rates.length > 0)
    await em.insert(
      RateRow,
      rates.map((rate) => ({ cardId, version, ...rate })),
    );
}

/** The rates of a version in the order of their ids, by which the digest is computed. */
async function ratesOf(em: EntityManager, cardId: string, version: number): Promise<Rate[]> {
  const rows = await em.find(RateRow, { where: { cardId, version }, order: { id: 'ASC' } });
  return rows.map(({ id, selector, model, priority }) => ({ id, selector, model, priority }));
}

/** The row stays locked until the transaction ends, so that one change of a card happens at a time. */
async function requireCard(em: EntityManager, id: string, lock = true): Promise<RateCard> {
  const card = await em.findOne(RateCard, { where: { id }, ...(lock && { lock: { mode: 'pessimistic_write' } as const }) });
  if (!card) throw new RateCardNotFoundError();
  return card;
}

async function requireUnpublished(em: EntityManager, id: string, version: number): Promise<RateCardVersion> {
  await requireCard(em, id);
  const row = await em.findOneBy(RateCardVersion, { cardId: id, version });
  if (!row) throw new RateCardVersionNotFoundError();
  if (row.publishedAt !== null) throw new VersionPublishedError(version);
  return row;
}

async function requireFreeName(em: EntityManager, name: string): Promise<void> {
  const taken = await em.createQueryBuilder(RateCard, 'c').where('lower(c.name) = lower(:name)', { name }).getOne();
  if (taken) throw new RateCardExistsError(taken.name);
}

const cardView = ({ id, name, currency, isDefaultNow, createdBy, createdAt }: RateCard): RateCardView => ({
  id,
  name,
  currency,
  is_default: isDefaultNow,
  created_by: createdBy,
  created_at: createdAt.toISOString(),
});

const versionView = (row: RateCardVersion, rates: readonly Rate[]): RateCardVersionView => ({
  id: `${row.cardId}/${row.version}`,
  version: row.version,
  valid_from: monthOf(row.validFrom),
  published_at: row.publishedAt?.toISOString() ?? null,
  published_by: row.publishedBy,
  digest: row.digest,
  rates,
  monthly: row.monthly,
});
