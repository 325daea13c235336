import { parse, type Parser, type ParseResult } from 'papaparse';
import { Readable } from 'node:stream';
import { UnreadableDocumentError, UnreadableRecord } from '../provider-billing.errors';
import { LineReader, type InvoiceLine } from './invoice-line';

/** Limits of what is read. [OPS-10] */
const MOST_LINES = 5_000_000;
/**
 * How many pieces of the text may pass without the end of a record. An unclosed quote would otherwise collect the whole document in
 * memory.
 */
const LONGEST_RECORD_PIECES = 16;
const LONGEST_HEADER = 65_536;
const SHORTEST_PIECE = 4_096;

/**
 * Yields the lines of an invoice document (CSV, UTF-8, any line ends, with or without a byte-order mark) in batches, and reads only as fast
 * as the caller takes them. The caller may empty a batch that it has processed. Throws `UnreadableDocumentError` at the first line that
 * cannot be read; the caller must then discard the lines before it too. [BIL-3] [BIL-4]
 */
export async function* readDocument(source: Readable): AsyncGenerator<InvoiceLine[], void, void> {
  const parser = new RecordParser();
  const text = Readable.from(pieces(source.setEncoding('utf8') as AsyncIterable<string>), { highWaterMark: 2 });
  const batches = new BatchQueue(text);
  parse<string[]>(text, {
    delimiter: ',',
    beforeFirstChunk: (chunk) => chunk.replace(/^\ufeff/, ''),
    chunk: (result, csv) => {
      try {
        batches.push(parser.parseRecords(result), csv);
      } catch (error) {
        batches.fail(error);
        csv.abort();
        text.destroy();
      }
    },
    complete: () => batches.end(() => parser.assertNotEmpty()),
    error: (error) => batches.fail(error),
  });
  try {
    yield* batches;
  } finally {
    text.destroy();
    source.destroy();
  }
}

/** Pieces of a useful size. The first piece contains the whole header, because the parser detects the document's line ends in it. */
async function* pieces(text: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let collected = '';
  let headerIsYielded = false;
  for await (const piece of text) {
    collected += piece;
    if (collected.length < SHORTEST_PIECE || !(headerIsYielded || collected.includes('\n') || collected.length > LONGEST_HEADER)) continue;
    yield collected;
    collected = '';
    headerIsYielded = true;
  }
  if (collected !== '') yield collected;
}

/**
 * Turns records into lines and counts the lines of text. Parsed records are released at once: without that, peaks of a million lines
 * needed a hundred megabytes more (docs/measurements.md).
 */
class RecordParser {
  private reader: LineReader | undefined;
  private textLine = 1;
  private lines = 0;
  private emptyPieces = 0;

  parseRecords({ data, errors }: ParseResult<string[]>): InvoiceLine[] {
    const lines: InvoiceLine[] = [];
    const malformed = errors.find(({ type }) => type === 'Quotes');
    const readable = malformed?.row === undefined ? data : data.slice(0, malformed.row);
    this.emptyPieces = data.length === 0 ? this.emptyPieces + 1 : 0;
    for (const cells of readable) {
      const line = this.parseRecord(cells);
      if (line) lines.push(line);
    }
    data.length = 0;
    if (malformed) throw new UnreadableDocumentError(this.textLine, 'quotes that do not match');
    if (this.emptyPieces > LONGEST_RECORD_PIECES) throw new UnreadableDocumentError(this.textLine, 'a record without an end');
    return lines;
  }

  assertNotEmpty(): void {
    if (!this.reader) throw new UnreadableDocumentError(1, 'the document is empty');
  }

  private parseRecord(cells: readonly string[]): InvoiceLine | undefined {
    const blank = cells.length === 1 && cells[0]?.trim() === '';
    let line: InvoiceLine | undefined;
    try {
      if (!blank && !this.reader) this.reader = new LineReader(cells);
      else if (!blank) line = this.reader?.readLine(cells);
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
 * Passes batches from the parser's callbacks to the iterating caller. The parser and the text are paused while a batch is processed. With
 * only the parser paused, it would queue all of its input: the whole document, when the caller is slower than the disk.
 */
class BatchQueue implements AsyncIterable<InvoiceLine[]> {
  private waiting: InvoiceLine[][] = [];
  private paused: Parser | undefined;
  private ended = false;
  private failure: unknown;
  private wake: (() => void) | undefined;

  constructor(private readonly text: Readable) {}

  push(batch: InvoiceLine[], parser: Parser): void {
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
      if (paused) this.resume(paused);
      await woken;
      this.wake = undefined;
    }
  }

  private resume(parser: Parser): void {
    parser.resume();
    this.text.resume();
  }
}
