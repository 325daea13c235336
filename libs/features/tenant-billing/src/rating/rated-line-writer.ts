import { createHash } from 'node:crypto';
import type { NewRatedLine, RateExplanation } from '../pricing/rated-lines';
import type { RatedPiece } from './rate-tenant';
import { INSERT_RATED_LINES, INSERT_RATED_PIECES, type PieceRow } from './stage.sql';
import type { StatementsAhead } from './staged-month';

/** Lines in one insert. */
const BATCH = 2_000;

/** A rated line of a piece, as `INSERT_RATED_PIECES` takes it. */
interface PieceLine {
  readonly nth: number;
  readonly lineNo: number;
  readonly bucket: string;
  readonly quantity: string | null;
  readonly sell: string | null;
  readonly ofOwner: number | null;
  readonly rate: number | null;
  readonly unit: string;
}

/** Numbers the lines of a month and writes them in batches: while one batch is written, the next is computed. The database hashes each batch. */
export class RatedLineWriter {
  private readonly hash = createHash('sha256');
  private ofPieces: PieceLine[] = [];
  private others: string[] = [];
  /** The rates of the batch with their places. */
  private rates = new Map<RateExplanation, number>();
  private writing: Promise<unknown> = Promise.resolve();
  written = 0;

  constructor(
    private readonly ahead: StatementsAhead,
    private readonly issuerId: string,
    private readonly period: string,
  ) {}

  /** Rated pieces, in their order; undefined for one of which a pool has got the amount. `first`: the number of the first piece. */
  async addPieces(lines: readonly (RatedPiece | undefined)[], pieces: readonly PieceRow[], first: number): Promise<void> {
    for (const [at, piece] of pieces.entries()) {
      const line = lines[at];
      if (!line) continue;
      const { bucket, unit, rate, seconds, sell } = line;
      const isWhole = piece.weight === piece.of_weight && piece.hours !== null;
      this.ofPieces.push({
        nth: first + at,
        lineNo: (this.written += 1),
        bucket,
        quantity: isWhole ? null : (line.quantity?.toText() ?? null),
        sell: sell?.toText() ?? null,
        ofOwner: seconds,
        rate: rate && this.placeOf(rate),
        unit,
      });
      if (this.ofPieces.length >= BATCH) await this.flush();
    }
  }

  /** Lines that no piece stands behind. */
  async add(lines: readonly NewRatedLine[]): Promise<void> {
    this.others.push(...lines.map((line) => JSON.stringify(rowOf(line, ++this.written))));
    if (this.others.length >= BATCH) await this.flush();
  }

  /** Begins to write the batch when the last one is written. */
  private async flush(): Promise<void> {
    await this.writing;
    const [of, others, rates] = [this.ofPieces, this.others, JSON.stringify([...this.rates.keys()])];
    this.ofPieces = [];
    this.others = [];
    this.rates = new Map();
    const month = [this.issuerId, this.period];
    const write = async (): Promise<void> => {
      const [first, last] = [of[0]?.nth, of.at(-1)?.nth];
      const insert = async (statement: string, values: readonly unknown[]) => {
        for (const { digest } of await this.ahead.query<{ readonly digest: string }>(statement, values)) this.hash.update(digest);
      };
      if (of.length > 0) await insert(INSERT_RATED_PIECES, [...month, ...columnsOf(of), rates, first, last]);
      if (others.length > 0) await insert(INSERT_RATED_LINES, [...month, `[${others.join(',')}]`]);
    };
    this.writing = write();
    this.writing.catch(() => undefined); // Thrown by the next flush
  }

  /** After the last flush. Throws what a statement has thrown. */
  async end(): Promise<string> {
    await this.flush();
    await this.writing;
    return this.hash.digest('hex');
  }

  private placeOf(rate: RateExplanation): number {
    const place = this.rates.get(rate) ?? this.rates.size;
    this.rates.set(rate, place);
    return place;
  }
}

/** The literals of arrays of PostgreSQL: no value of a column has a character that needs quotes. */
function columnsOf(lines: readonly PieceLine[]): string[] {
  const column = (value: (line: PieceLine) => string | number | null) => `{${lines.map((line) => value(line) ?? 'null').join(',')}}`;
  return [
    column(({ nth }) => nth),
    column(({ lineNo }) => lineNo),
    column(({ bucket }) => bucket),
    column(({ quantity }) => quantity),
    column(({ sell }) => sell),
    column(({ ofOwner }) => ofOwner),
    column(({ rate }) => rate),
    column(({ unit }) => unit),
  ];
}

function rowOf(line: NewRatedLine, lineNo: number) {
  return {
    line_no: lineNo,
    tenant_id: line.tenantId,
    bucket: line.bucket,
    line_kind: line.lineKind,
    product: line.product,
    description: line.description,
    resource_id: line.resourceId,
    resource_name: line.resourceName,
    project_name: line.projectName,
    region: line.region,
    quantity: line.quantity?.toText() ?? null,
    unit: line.unit,
    buy: line.buy.toText(),
    sell: line.sell?.toText() ?? null,
    explanation: line.explanation,
  };
}
