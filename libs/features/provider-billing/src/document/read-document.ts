import { Parser, type ParseResult } from 'papaparse';
import type { Readable } from 'node:stream';
import { UnreadableDocumentError, UnreadableRecord } from '../provider-billing.errors';
import { LineReader, type InvoiceLine } from './invoice-line';

/** Limits of what is read. [OPS-10] */
const MOST_LINES = 5_000_000;
/** In characters. An unclosed quote would otherwise collect the whole document in memory. */
const LONGEST_RECORD = 131_072;
/** In characters. Smaller pieces of the stream are gathered before they are parsed. */
const SHORTEST_PIECE = 4_096;

/**
 * Yields the lines of an invoice document (CSV, UTF-8, any line ends, with or without a byte-order mark) in batches, and reads only as fast
 * as the caller takes them. The parser gets whole records only, so the lines do not depend on where the stream was cut. The caller may
 * empty a batch that it has processed. Throws `UnreadableDocumentError` at the first line that cannot be read; the caller must then discard
 * the lines before it too. [BIL-3] [BIL-4]
 */
export async function* readDocument(source: Readable): AsyncGenerator<InvoiceLine[], void, void> {
  const parser = new RecordParser();
  try {
    for await (const records of recordTexts(source, parser)) {
      const lines = parser.parseRecords(records);
      if (lines.length > 0) yield lines;
    }
    parser.assertNotEmpty();
  } finally {
    source.destroy();
  }
}

/** Pieces of the document that begin and end with a record; only the last one may end within a quoted cell. */
async function* recordTexts(source: Readable, parser: RecordParser): AsyncGenerator<string, void, void> {
  let text = '';
  let rest = '';
  let isFirst = true;
  for await (const piece of source.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece;
    if (text.length - rest.length < SHORTEST_PIECE) continue;
    const whole = wholeRecords(isFirst ? withoutMark(text) : text);
    isFirst = false;
    yield whole.records;
    if (whole.rest.length > LONGEST_RECORD) throw parser.refusal('a record without an end');
    text = rest = whole.rest;
  }
  const end = wholeRecords(`${isFirst ? withoutMark(text) : text}\n`);
  yield end.records;
  yield end.rest;
}

const withoutMark = (text: string): string => text.replace(/^\ufeff/, '');

/** The codes of the characters that have a meaning in CSV. */
const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a text that begins with a record after its last whole record. CRLF, LF and CR each end a record outside of quotes and become LF; inside
 * of quotes nothing changes. A CR at the end of the text may be the first half of a CRLF, so it ends nothing yet.
 */
function wholeRecords(text: string): { readonly records: string; readonly rest: string } {
  if (text.includes('"')) return wholeQuotedRecords(text);
  const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r', text.length - 2)) + 1;
  const records = text.slice(0, end);
  return { records: records.includes('\r') ? records.replaceAll(/\r\n?/g, '\n') : records, rest: text.slice(end) };
}

/** A quote opens a cell only as its first character; in an open cell, two quotes stand for one. */
function wholeQuotedRecords(text: string): { readonly records: string; readonly rest: string } {
  const last = text.length - 1;
  let records = '';
  let copied = 0;
  let end = 0;
  let isCellStart = true;
  for (let at = 0; at <= last; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE && isCellStart) {
      at = closingQuote(text, at);
      isCellStart = false;
    } else if (character === LF) {
      end = at + 1;
      isCellStart = true;
    } else if (character === CR) {
      if (at === last) break;
      const next = text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
      records += `${text.slice(copied, at)}\n`;
      copied = next;
      end = next;
      at = next - 1;
      isCellStart = true;
    } else isCellStart = character === COMMA;
  }
  return { records: records + text.slice(copied, end), rest: text.slice(end) };
}

/** The position of the quote that closes the cell which the quote at `open` has opened; the end of the text when there is none. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) if (text.charCodeAt(at + 1) !== QUOTE) return at;
  return text.length;
}

/** The low-level parser of papaparse is used, because `parse` keeps the records alive until a full garbage collection. */
const CSV = { delimiter: ',', newline: '\n' } as const;

/**
 * Turns records into lines and counts the lines of text. Parsed records are released at once: without that, peaks of a million lines
 * needed a hundred megabytes more (docs/measurements.md).
 */
class RecordParser {
  private reader: LineReader | undefined;
  private textLine = 1;
  private lines = 0;

  /** The text has whole records, each with an LF at its end; or, as the last one, a record that does not end. */
  parseRecords(text: string): InvoiceLine[] {
    if (text === '') return [];
    const { data, errors } = new Parser(CSV).parse(text, 0, false) as ParseResult<string[]>;
    if (data.at(-1)?.length === 1 && data.at(-1)?.[0] === '') data.pop(); // what follows the last LF
    const lines: InvoiceLine[] = [];
    const malformed = errors.find(({ type }) => type === 'Quotes');
    const readable = malformed?.row === undefined ? data : data.slice(0, malformed.row);
    const hasLineBreaks = text.includes('"');
    for (const cells of readable) {
      const line = this.parseRecord(cells);
      if (hasLineBreaks) for (const cell of cells) this.textLine += lineBreaks(cell);
      this.textLine += 1;
      if (line) lines.push(line);
    }
    data.length = 0;
    if (malformed) throw this.refusal('quotes that do not match');
    return lines;
  }

  assertNotEmpty(): void {
    if (!this.reader) throw new UnreadableDocumentError(1, 'the document is empty');
  }

  /** Names the line of the next record. */
  refusal(problem: string): UnreadableDocumentError {
    return new UnreadableDocumentError(this.textLine, problem);
  }

  private parseRecord(cells: readonly string[]): InvoiceLine | undefined {
    if (cells.length === 1 && cells[0]?.trim() === '') return undefined;
    try {
      if (this.reader) {
        if (++this.lines > MOST_LINES) throw new UnreadableRecord(`more than ${MOST_LINES} lines`);
        return this.reader.readLine(cells);
      }
      this.reader = new LineReader(cells);
      return undefined;
    } catch (error) {
      throw error instanceof UnreadableRecord ? this.refusal(error.message) : error;
    }
  }
}

function lineBreaks(cell: string): number {
  return cell.includes('\n') || cell.includes('\r') ? cell.split(/\r\n|\n|\r/).length - 1 : 0;
}
