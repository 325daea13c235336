import { createHash, type Hash } from 'node:crypto';
import type { NewRatedLine } from '../pricing/rated-lines';
import { INSERT_RATED_LINES, INSERT_RATED_PIECES, type PieceRow } from './stage.sql';
import type { StatementsAhead } from './staged-month';

/** Lines in one insert. */
const BATCH = 2_000;

/** Adds JSON texts, a line each. Their keys have the order of a statement or of this code, so that equal values have equal texts. */
export function addTo(hash: Hash, texts: readonly string[]): void {
  if (texts.length > 0) hash.update(`${texts.join('\n')}\n`);
}

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

/** Numbers the lines of a month, hashes them and writes them in batches: while one batch is written, the next is computed. */
export class RatedLineWriter {
  private readonly hash = createHash('sha256');
  private ofPieces: PieceLine[] = [];
  private others: string[] = [];
  /** The rates of the batch as JSON, with their places. */
  private rates = new Map<string, number>();
  private writing: Promise<unknown> = Promise.resolve();
  written = 0;

  constructor(
    private readonly ahead: StatementsAhead,
    private readonly issuerId: string,
    private readonly period: string,
  ) {}

  /** Lines of pieces, in their order; undefined for a piece of which a pool has got the amount. `first`: the number of the first piece. */
  async addPieces(lines: readonly (NewRatedLine | undefined)[], pieces: readonly PieceRow[], first: number): Promise<void> {
    let texts: string[] = [];
    for (const [at, piece] of pieces.entries()) {
      const line = lines[at];
      if (!line) continue;
      const row = rowOf(line, ++this.written);
      texts.push(JSON.stringify(row));
      const { seconds, rate } = line.explanation;
      const quantity = piece.weight === piece.of_weight && piece.hours !== null ? null : row.quantity;
      const place = rate ? this.placeOf(JSON.stringify(rate)) : null;
      const { bucket, sell, unit } = row;
      this.ofPieces.push({
        nth: first + at,
        lineNo: this.written,
        bucket,
        quantity,
        sell,
        ofOwner: seconds?.of_owner ?? null,
        rate: place,
        unit,
      });
      if (this.ofPieces.length < BATCH) continue;
      addTo(this.hash, texts);
      texts = [];
      await this.flush();
    }
    addTo(this.hash, texts);
  }

  /** Lines that no piece stands behind. */
  async add(lines: readonly NewRatedLine[]): Promise<void> {
    const texts = lines.map((line) => JSON.stringify(rowOf(line, ++this.written)));
    addTo(this.hash, texts);
    this.others.push(...texts);
    if (this.others.length >= BATCH) await this.flush();
  }

  /** Begins to write the batch when the last one is written. */
  private async flush(): Promise<void> {
    await this.writing;
    const [of, others, rates] = [this.ofPieces, this.others, [...this.rates.keys()]];
    this.ofPieces = [];
    this.others = [];
    this.rates = new Map();
    const month = [this.issuerId, this.period];
    const write = async (): Promise<void> => {
      const [first, last] = [of[0]?.nth, of.at(-1)?.nth];
      if (of.length > 0) await this.ahead.query(INSERT_RATED_PIECES, [...month, ...columnsOf(of), `[${rates.join(',')}]`, first, last]);
      if (others.length > 0) await this.ahead.query(INSERT_RATED_LINES, [...month, `[${others.join(',')}]`]);
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

  private placeOf(rate: string): number {
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
