import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { Sweep } from '../entities/sweep.entity';
import { sweepNamed } from '../kinds';
import { sweepView, type SweepView } from '../sync/sweep';
import { SweepLedger } from '../sync/sweep-ledger';
import { CompletenessReader } from './completeness-reader';

/** Reads the ledger of sweeps. */
@Injectable()
export class SweepReader {
  constructor(
    @InjectRepository(Sweep) private readonly sweeps: Repository<Sweep>,
    private readonly ledger: SweepLedger,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Newest first: ids of rows are ordered by time. Throws `UnknownKindError` for a kind that is not swept. */
  async list(kind: string | undefined, page: PageRequest): Promise<ListAnswer<SweepView>> {
    if (kind !== undefined) sweepNamed(kind);
    const before = decodeCursor(page.cursor, UUID_KEY);
    const complete = await this.completeness.ofKind(kind);
    const where = { ...(kind !== undefined && { kind }), ...(before !== null && { id: LessThan(before) }) };
    const rows = await this.sweeps.find({ where, order: { id: 'DESC' }, take: page.limit + 1 });
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map(sweepView), page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(id: string): Promise<SweepView> {
    return sweepView(await this.ledger.get(id));
  }
}
