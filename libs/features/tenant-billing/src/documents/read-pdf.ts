import { domainError } from '#libs/kernel';
import { inflateSync } from 'node:zlib';
import { pngOf } from './png';
import type { PrintedLogo } from './render-pdf';

export class PdfUnreadableError extends domainError('pdf_unreadable', 'invalid', (why: string) => `The file is no PDF of ours: ${why}`) {}

/** A printed word. `y` counts from the bottom of the page. */
export interface PrintedWord {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

type Value = string | number | Ref | Value[] | Dictionary;
interface Ref {
  readonly ref: number;
}
interface Dictionary {
  readonly [key: string]: Value;
}
interface Stored {
  readonly value: Value;
  readonly stream: Buffer | undefined;
}

const TOKENS = /\s*(?:(<<|>>|\[|\])|\((?:[^()\\]|\\[\s\S])*\)|<([0-9a-fA-F\s]*)>|\/([^\s/<>[\]()]*)|(\d+) \d+ R\b|([^\s/<>[\]()]+))/y;

/** Reads the files that `renderPdf` writes: pages with their words, attached files, and the dictionaries behind them. It follows no link outside of the file. */
export class PdfReader {
  private readonly offsets: readonly number[];
  readonly trailer: Dictionary;
  private readonly fonts = new Map<number, ReadonlyMap<number, string>>();

  /** Throws `PdfUnreadableError`. */
  constructor(private readonly bytes: Buffer) {
    if (bytes.toString('latin1', 0, 5) !== '%PDF-') throw new PdfUnreadableError('it does not begin as one');
    const start = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(bytes.toString('latin1', Math.max(0, bytes.length - 60)))?.[1]);
    const table = bytes.toString('latin1', start);
    const [head = '', count = '0'] = /^xref\n0 (\d+)\n/.exec(table) ?? [];
    if (head === '') throw new PdfUnreadableError('its table of objects is not found');
    this.offsets =
      table
        .slice(head.length, head.length + 20 * Number(count))
        .match(/\d{10}(?= \d{5})/g)
        ?.map(Number) ?? [];
    this.trailer = asDictionary(parseValue(table, table.indexOf('trailer') + 7).value);
  }

  get catalog(): Dictionary {
    return this.dictionary(this.trailer['Root']);
  }

  /** The words of each page, in the order in which they are drawn. */
  pages(): PrintedWord[][] {
    return asList(this.dictionary(this.catalog['Pages'])['Kids']).map((kid) => {
      const page = this.dictionary(kid);
      const fonts = this.dictionary(this.dictionary(page['Resources'])['Font']);
      return this.words(this.stream(page['Contents']).toString('latin1'), fonts);
    });
  }

  /** A file that is attached to the document; undefined when there is none of that name. */
  attachment(name: string): Buffer | undefined {
    for (const entry of asList(this.catalog['AF'] ?? [])) {
      const spec = this.dictionary(entry);
      if (spec['F'] === name) return this.stream(this.dictionary(spec['EF'])['F']);
    }
    return undefined;
  }

  /** The picture of the first page, as the file that was printed; undefined when there is none. */
  picture(): PrintedLogo | undefined {
    const [first] = asList(this.dictionary(this.catalog['Pages'])['Kids']);
    const pictures = this.dictionary(this.dictionary(first)['Resources'])['XObject'];
    const [ref] = pictures === undefined ? [] : Object.values(this.dictionary(pictures));
    if (ref === undefined) return undefined;
    const { value, stream } = this.stored(ref);
    const { Width: width, Height: height, Filter: filter } = asDictionary(value);
    if (!stream) throw new PdfUnreadableError('a stream is missing');
    if (filter === 'DCTDecode') return { mediaType: 'image/jpeg', bytes: stream };
    return { mediaType: 'image/png', bytes: pngOf(Number(width), Number(height), stream) };
  }

  dictionary(value: Value | undefined): Dictionary {
    return asDictionary(this.stored(value).value);
  }

  stream(value: Value | undefined): Buffer {
    const { value: dictionary, stream } = this.stored(value);
    if (!stream) throw new PdfUnreadableError('a stream is missing');
    return asDictionary(dictionary)['Filter'] === 'FlateDecode' ? inflateSync(stream, { maxOutputLength: LONGEST_STREAM }) : stream;
  }

  private stored(value: Value | undefined): Stored {
    if (value === undefined) throw new PdfUnreadableError('a part is missing');
    if (!isRef(value)) return { value, stream: undefined };
    const offset = this.offsets[value.ref];
    if (offset === undefined) throw new PdfUnreadableError(`it has no object ${value.ref}`);
    const head = this.bytes.toString('latin1', offset, offset + LONGEST_OBJECT);
    const begin = `${value.ref} 0 obj`;
    if (!head.startsWith(begin)) throw new PdfUnreadableError(`object ${value.ref} is not at its place`);
    const { value: found, end } = parseValue(head, begin.length);
    const stream = /^\s*stream\r?\n/.exec(head.slice(end, end + 20))?.[0];
    if (stream === undefined) return { value: found, stream: undefined };
    const from = offset + end + stream.length;
    return { value: found, stream: this.bytes.subarray(from, from + Number(asDictionary(found)['Length'])) };
  }

  private words(content: string, fonts: Dictionary): PrintedWord[] {
    const words: PrintedWord[] = [];
    for (const [, x, y, font = '', drawn = ''] of content.matchAll(
      /BT\n1 0 0 1 (\S+) (\S+) Tm\n\/(\S+) \S+ Tf\n(?:[^\n]*\n)*?\[(.*?)\] TJ\nET/g,
    )) {
      const characters = this.charactersOf(fonts[font]);
      const codes = [...drawn.matchAll(/<([0-9a-f]*)>/g)].flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? []);
      const text = codes.map((code) => characters.get(Number.parseInt(code, 16)) ?? '\ufffd').join('');
      for (const part of text.split(' ')) if (part !== '') words.push({ x: Number(x), y: Number(y), text: part });
    }
    return words;
  }

  /** The characters of the codes of a font, from its table for copying text. */
  private charactersOf(font: Value | undefined): ReadonlyMap<number, string> {
    if (font === undefined || !isRef(font)) throw new PdfUnreadableError('a font is missing');
    const known = this.fonts.get(font.ref);
    if (known) return known;
    const characters = new Map<number, string>();
    const table = this.stream(this.dictionary(font)['ToUnicode']).toString('latin1');
    for (const [, first = '', list = ''] of table.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[(.*?)\]/g))
      [...list.matchAll(/<([0-9a-f ]*)>/g)].forEach(([, hex = ''], at) => {
        const units = hex.match(/[0-9a-f]{4}/g) ?? [];
        characters.set(Number.parseInt(first, 16) + at, String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16))));
      });
    this.fonts.set(font.ref, characters);
    return characters;
  }
}

/** Words on one line of a page, from left to right; the lines from top to bottom. */
export function rowsOf(words: readonly PrintedWord[]): string[][] {
  const rows = new Map<number, PrintedWord[]>();
  for (const word of words) {
    const key = Math.round(word.y * 2);
    const row = rows.get(key) ?? rows.get(key - 1) ?? rows.get(key + 1);
    if (row) row.push(word);
    else rows.set(key, [word]);
  }
  return [...rows].sort(([a], [b]) => b - a).map(([, row]) => row.map((word, at) => ({ word, at })).sort((a, b) => a.word.x - b.word.x || a.at - b.at).map(({ word }) => word.text)); // prettier-ignore
}

/** Longer than any object without its stream, and than any stream. */
const LONGEST_OBJECT = 1_000_000;
const LONGEST_STREAM = 200_000_000;

const isRef = (value: Value): value is Ref => typeof value === 'object' && !Array.isArray(value) && typeof value['ref'] === 'number';

function asDictionary(value: Value): Dictionary {
  if (typeof value !== 'object' || Array.isArray(value) || isRef(value)) throw new PdfUnreadableError('a dictionary is missing');
  return value;
}

export function asList(value: Value | undefined): Value[] {
  if (!Array.isArray(value)) throw new PdfUnreadableError('a list is missing');
  return value;
}

/** Parses one value. Names and texts are text; keywords such as `true` are too. */
function parseValue(text: string, from: number): { value: Value; end: number } {
  TOKENS.lastIndex = from;
  const token = TOKENS.exec(text);
  if (!token) throw new PdfUnreadableError('a value cannot be read');
  const [whole, bracket, hex, name, ref, word] = token;
  let end = TOKENS.lastIndex;
  if (ref !== undefined) return { value: { ref: Number(ref) }, end };
  if (name !== undefined)
    return { value: name.replaceAll(/#([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))), end };
  if (hex !== undefined) return { value: hex, end };
  if (word !== undefined) return { value: Number.isNaN(Number(word)) ? word : Number(word), end };
  if (bracket === undefined) return { value: whole.trim().slice(1, -1), end };
  const parts: Value[] = [];
  const closing = bracket === '[' ? ']' : '>>';
  while (!closesAt(text, end, closing)) {
    const part = parseValue(text, end);
    parts.push(part.value);
    end = part.end;
  }
  end = text.indexOf(closing, end) + closing.length;
  if (bracket === '[') return { value: parts, end };
  const entries = parts.flatMap((key, at): [string, Value][] =>
    at % 2 === 0 && typeof key === 'string' ? [[key, parts[at + 1] ?? '']] : [],
  );
  return { value: Object.fromEntries(entries), end };
}

function closesAt(text: string, at: number, closing: string): boolean {
  const rest = /\s*/y;
  rest.lastIndex = at;
  rest.test(text);
  if (rest.lastIndex >= text.length) throw new PdfUnreadableError('a value does not end');
  return text.startsWith(closing, rest.lastIndex);
}
