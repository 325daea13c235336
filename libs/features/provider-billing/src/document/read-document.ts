import { parse, type Parser, type ParseResult } from 'papaparse';
import { Readable } from 'node:stream';
import { columnsOf } from './columns';
import { UnreadableDocumentError, UnreadableRecord } from './document.error';
import { LineReader, type InvoiceLine } from './invoice-line';

/** Bounds of what is taken (OPS-10). */
const MOST_LINES = 5_000_000;
/** Pieces of the text without the end of a record: an unclosed quote would otherwise gather the whole document in memory. */
const LONGEST_RECORD_PIECES = 16;
const LONGEST_HEADER = 65_536;
const SHORTEST_PIECE = 4_096;

/**
 * The lines of an invoice document (CSV, UTF-8, any line ends, with or without byte-order mark), in batches, read only as fast as they are
 * taken; who has done with a batch may empty it. Throws `UnreadableDocumentError` at the first line that cannot be read: what was yielded before
 * must then be given up too (BIL-3).
 */
export async function* readDocument(source: Readable): AsyncGenerator<InvoiceLine[], void, void> {
  const records = new Records();
  const text = Readable.from(pieces(source.setEncoding('utf8') as AsyncIterable<string>), { highWaterMark: 2 });
  const batches = new Batches(text);
  parse<string[]>(text, {
    delimiter: ',',
    beforeFirstChunk: (chunk) => chunk.replace(/^\ufeff/, ''),
    chunk: (result, parser) => {
      try {
        batches.put(records.take(result), parser);
      } catch (error) {
        batches.fail(error);
        parser.abort();
        text.destroy();
      }
    },
    complete: () => batches.end(() => records.finish()),
    error: (error) => batches.fail(error),
  });
  try {
    yield* batches;
  } finally {
    text.destroy();
    source.destroy();
  }
}

/** Pieces that are worth parsing. The parser takes the line ends of the first for those of the document, so it holds the whole header. */
async function* pieces(text: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let gathered = '';
  let headerIsOut = false;
  for await (const piece of text) {
    gathered += piece;
    if (gathered.length < SHORTEST_PIECE || !(headerIsOut || gathered.includes('\n') || gathered.length > LONGEST_HEADER)) continue;
    yield gathered;
    gathered = '';
    headerIsOut = true;
  }
  if (gathered !== '') yield gathered;
}

/**
 * Turns parsed records into lines and counts the lines of text they stand on. Records are let go of as soon as they are lines: without that, peaks of a
 * million lines were a hundred megabytes higher (docs/measurements.md).
 */
class Records {
  private reader: LineReader | undefined;
  private textLine = 1;
  private lines = 0;
  private emptyPieces = 0;

  take({ data, errors }: ParseResult<string[]>): InvoiceLine[] {
    const lines: InvoiceLine[] = [];
    const malformed = errors.find(({ type }) => type === 'Quotes');
    const readable = malformed?.row === undefined ? data : data.slice(0, malformed.row);
    this.emptyPieces = data.length === 0 ? this.emptyPieces + 1 : 0;
    for (const cells of readable) {
      const line = this.readRecord(cells);
      if (line) lines.push(line);
    }
    data.length = 0;
    if (malformed) throw new UnreadableDocumentError(this.textLine, 'quotes that do not match');
    if (this.emptyPieces > LONGEST_RECORD_PIECES) throw new UnreadableDocumentError(this.textLine, 'a record without an end');
    return lines;
  }

  finish(): void {
    if (!this.reader) throw new UnreadableDocumentError(1, 'the document is empty');
  }

  private readRecord(cells: readonly string[]): InvoiceLine | undefined {
    const blank = cells.length === 1 && cells[0]?.trim() === '';
    let line: InvoiceLine | undefined;
    try {
      if (!blank && !this.reader) this.reader = new LineReader(columnsOf(cells));
      else if (!blank) line = this.reader?.read(cells);
    } catch (error) {
      throw error instanceof UnreadableRecord ? new UnreadableDocumentError(this.textLine, error.message) : error;
    }
    for (const cell of cells) if (cell.includes('\n')) this.textLine += cell.split('\n').length - 1;
    this.textLine += 1;
    if (line && ++this.lines > MOST_LINES) throw new UnreadableDocumentError(this.textLine, `more than ${MOST_LINES} lines`);
    return line;
  }
}

/**
 * Hands batches from the parser's callbacks to whoever iterates; parser and text wait while one is being worked on. A paused parser alone would
 * queue whatever its input brings: all of the document, where the reader is slower than the disk.
 */
class Batches implements AsyncIterable<InvoiceLine[]> {
  private waiting: InvoiceLine[][] = [];
  private paused: Parser | undefined;
  private ended = false;
  private failure: unknown;
  private wake: (() => void) | undefined;

  constructor(private readonly text: Readable) {}

  put(batch: InvoiceLine[], parser: Parser): void {
    if (batch.length === 0) return;
    this.waiting.push(batch);
    parser.pause();
    this.text.pause();
    this.paused = parser;
    this.wake?.();
  }

  end(check: () => void): void {
    try {
      if (this.failure === undefined) check();
      this.ended = true;
      this.wake?.();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.failure ??= error;
    this.ended = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InvoiceLine[], void, void> {
    for (;;) {
      const batch = this.waiting.shift();
      if (batch) {
        yield batch;
        continue;
      }
      if (this.failure !== undefined) throw this.failure;
      if (this.ended) return;
      const { paused } = this;
      this.paused = undefined;
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      if (paused) this.goOn(paused);
      await woken;
      this.wake = undefined;
    }
  }

  private goOn(parser: Parser): void {
    parser.resume();
    this.text.resume();
  }
}
