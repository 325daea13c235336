import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnreadableDocumentError } from '../provider-billing.errors';
import type { InvoiceLine } from './invoice-line';
import { readDocument } from './read-document';

const HEADER = 'product,group_description,description,hours,start,end,USD,project_name,category';
const LINE = 'Droplets,,web-01 (s-1vcpu-1gb),720,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$6.00,Acme,iaas';

/** Reads the text in pieces of `pieceBytes`, which may cut characters and line ends. */
function read(text: string, pieceBytes = 7): Promise<InvoiceLine[]> {
  const bytes = Buffer.from(text);
  return readPieces(
    Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, nth) => bytes.subarray(nth * pieceBytes, (nth + 1) * pieceBytes)),
  );
}

async function readPieces(pieces: readonly Buffer[]): Promise<InvoiceLine[]> {
  const lines: InvoiceLine[] = [];
  for await (const batch of readDocument(Readable.from(pieces, { objectMode: false }))) lines.push(...batch);
  return lines;
}

const refusal = async (text: string) => {
  try {
    await read(text);
  } catch (error) {
    if (error instanceof UnreadableDocumentError) return { line: error.line, problem: error.problem };
    throw error;
  }
  throw new Error('the document was not refused');
};

it.each([
  ['plain', `${HEADER}\n${LINE}\n`],
  ['without a last line end', `${HEADER}\n${LINE}`],
  ['with CRLF', `${HEADER}\r\n${LINE}\r\n`],
  ['with a byte-order mark', `\ufeff${HEADER}\n${LINE}\n`],
  ['with a byte-order mark before quotes', `\ufeff"product"${HEADER.slice(7)}\n${LINE}\n`],
  ['with blank lines', `${HEADER}\n\n${LINE}\n\n`],
  ['with CR alone', `${HEADER}\r${LINE}\r`],
  ['with a header in LF and lines in CRLF', `${HEADER}\n${LINE}\r\n`],
  ['with a header in CRLF and lines in LF', `${HEADER}\r\n${LINE}\n`],
  ['with a header in CR and lines in CRLF', `${HEADER}\r${LINE}\r\n`],
  ['with blanks around every cell', `${HEADER.replaceAll(',', ' ,\t')} \n${LINE.replaceAll(',', ' ,\u00a0')} \r\n`],
  ['with blanks in quotes', `${HEADER}\n${LINE.replace('Droplets', '" Droplets "').replace('Acme', '"Acme "')}\n`],
])('reads a document %s [BIL-4]', async (_how, text) => {
  expect(await read(text)).toEqual([
    {
      product: 'Droplets',
      group: '',
      description: 'web-01 (s-1vcpu-1gb)',
      hours: '720',
      start: '2026-04-01T00:00:00.000Z',
      end: '2026-05-01T00:00:00.000Z',
      amount: '6.00',
      project: 'Acme',
      category: 'iaas',
      subject: { kind: 'droplet', name: 'web-01', region: null },
      extra: null,
      unreadableCells: 0,
    },
  ]);
});

/**
 * The positions at which a document is cut: all of them in a long run. Otherwise the first and the last 300, which hold the mark, the header,
 * and every sort of place in a record, and one of nine between them, another ninth each day.
 */
function cutsOf(document: Buffer): number[] {
  const all = Array.from({ length: document.length + 1 }, (_, at) => at);
  const today = Math.floor(Date.now() / 86_400_000);
  return process.env.TEST_LONG ? all : all.filter((at) => at < 300 || at > document.length - 300 || at % 9 === today % 9);
}

describe.each([
  ['CRLF', () => '\r\n'],
  ['LF', () => '\n'],
  ['CR', () => '\r'],
  ['CRLF, LF and CR in turn', (nth: number) => ['\r\n', '\n', '\r'][nth % 3] ?? ''],
])('a document of 200 lines that end in %s', (_name, lineEnd) => {
  const records = [
    'product,description,USD,"project_name"',
    ...Array.from({ length: 200 }, (_, nth) => `Droplets,"w ""${nth}"", é",$1,"Bü\r\nro"`),
  ];
  const document = Buffer.from(`\ufeff${records.map((record, nth) => record + lineEnd(nth)).join('')}`);
  const texts = (lines: readonly InvoiceLine[]) => lines.map(({ description, amount, project }) => `${description}|${amount}|${project}`);

  it('is read alike wherever the stream is cut: in a character, a doubled quote, a line end, the header or the mark (B1) [BIL-4]', async () => {
    const expected = Array.from({ length: 200 }, (_, nth) => `w "${nth}", é|1|Bü\r\nro`);
    const wrong: number[] = [];
    for (const cut of cutsOf(document)) {
      const lines = await readPieces([document.subarray(0, cut), document.subarray(cut)]).catch(() => []);
      if (texts(lines).join() !== expected.join()) wrong.push(cut);
    }
    expect(wrong).toEqual([]);
  });

  it.each([1, 2, 3, 4_095, 4_096, 4_097, 5_000])('is read alike in pieces of %i bytes (B1) [BIL-4]', async (pieceBytes) => {
    expect(texts(await read(document.toString(), pieceBytes))).toHaveLength(200);
  });
});

it.each(['"web (x)"', 'web-x'])(
  'names the same line wherever a stream with %s is cut, also between CR and LF (B1) [BIL-3]',
  async (cell) => {
    const lines = Array.from({ length: cell.includes('"') ? 200 : 280 }, () => `Droplets,${cell},$1`); // more than is gathered first
    const records = ['product,description,USD', ...lines, `Droplets,${cell},one`];
    const document = Buffer.from(`${records.join('\r\n')}\r\n`);
    const named = new Set<number>();
    for (const cut of cutsOf(document).filter((at) => at >= 4_000)) {
      const refused = readPieces([document.subarray(0, cut), document.subarray(cut)]).catch((error: UnreadableDocumentError) => error.line);
      named.add(Number(await refused));
    }
    expect([...named]).toEqual([lines.length + 2]);
  },
);

it('counts the lines of text whichever way they end (B1) [BIL-3]', async () => {
  const cell = '"a\rb\r\nc\nd"';
  const text = `product,description,USD\r${`Droplets,${cell},$1\r\n`.repeat(2)}Droplets,x,one\n`;
  expect(await refusal(text)).toMatchObject({ line: 10 });
});

const HOURS_OF_JOBS = ['0.016666666666666666', '.5', '743.9997222222', '+1.0', 'n/a'];

it('reads hours of any length, and keeps those that are no number as text, without refusing the document (B2) [BIL-3]', async () => {
  const lines = await read(`${HEADER}\n${HOURS_OF_JOBS.map((hours) => LINE.replace('720', hours)).join('\n')}\n`);
  expect(lines.map(({ hours }) => hours)).toEqual(['0.016666666666666666', '0.5', '743.9997222222', '1.0', null]);
  expect(lines.map(({ extra, unreadableCells }) => [extra, unreadableCells])).toEqual([
    ...Array.from({ length: 4 }, () => [null, 0]),
    [{ hours: 'n/a' }, 1],
  ]);
});

it('reads a charge that is taken back, with its negative hours and with times in either order (B2) [BIL-3]', async () => {
  const back = LINE.replace(',720,', ',-720,').replace('$6.00', '-$6.00');
  const [start, end] = ['2026-04-01 00:00:00 +0000', '2026-05-01 00:00:00 +0000'];
  const [, correction, reversed] = await read([HEADER, LINE, back, back.replace(`${start},${end}`, `${end},${start}`)].join('\n'));
  expect(correction).toMatchObject({ hours: '-720', amount: '-6.00', extra: null, unreadableCells: 0 });
  expect(reversed).toMatchObject({ start: '2026-04-01T00:00:00.000Z', end: '2026-05-01T00:00:00.000Z', extra: { start: end, end: start } });
});

it.each(['Taxes', 'Credits', 'Spaces Subscription'])(
  'reads a line of %s whose times cannot be read, because nothing is matched by them (B2) [BIL-3]',
  async (product) => {
    const text = LINE.replace('Droplets', product).replace('2026-04-01 00:00:00 +0000', 'April').replace('2026-05-01', '2026-05-41');
    expect((await read(`${HEADER},region\n${text},fra1\n`))[0]).toMatchObject({
      amount: '6.00',
      start: null,
      end: null,
      extra: { region: 'fra1', start: 'April', end: '2026-05-41 00:00:00 +0000' },
      unreadableCells: 2,
    });
  },
);

it('keeps quoted commas, quotes, line breaks and letters of any script unchanged [BIL-4]', async () => {
  const [line] = await read(`${HEADER}\r\nDroplets,"a,\r\nb","Bücher ""GmbH"", 東京 (x)",,,,"$1,234.50",,\r\n`);
  expect(line).toMatchObject({ group: 'a,\r\nb', description: 'Bücher "GmbH", 東京 (x)', amount: '1234.50', hours: null, start: null });
});

it('finds columns by their header in any order and keeps unknown columns [BIL-3]', async () => {
  const [line] = await read('USD,Description,region,Project Name,product\n$1.00,web (x),fra1,Acme,Droplets\n');
  expect(line).toMatchObject({ amount: '1.00', description: 'web (x)', project: 'Acme', hours: null, extra: { region: 'fra1' } });
});

it.each([
  ['an empty document', '', 1],
  ['an HTML page', '<html><body>524</body></html>', 1],
  ['a header without amounts', 'product,description\nDroplets,x\n', 1],
  ['a column that appears twice', `${HEADER},USD\n`, 1],
  ['one cell too many', `${HEADER}\n${LINE}\n${LINE},more\n`, 3],
  ['a line that is cut off', `${HEADER}\n${LINE}\n${LINE.slice(0, 40)}`, 3],
  ['an amount that is not a number', `${HEADER}\n${LINE}\n${LINE.replace('$6.00', 'six')}\n${LINE}\n`, 3],
  ['a time that does not exist', `${HEADER}\n${LINE.replace('2026-04-01', '2026-04-31')}\n`, 2],
  ['a line that ends before it starts', `${HEADER}\n${LINE.replace('2026-05-01', '2026-03-01')}\n`, 2],
  ['quotes that do not end', `${HEADER}\n${LINE}\nDroplets,"${LINE}\n${LINE}\n`, 3],
  ['a fault after a cell of three lines', `${HEADER}\nDroplets,"a\nb\nc",x,,,,$1,,\n${LINE.replace('$6.00', '')}\n`, 5],
  ['an amount in scientific notation', `${HEADER}\n${LINE}\n${LINE.replace('$6.00', '6e-3')}\n`, 3],
  ['a time that a match depends on', `${HEADER}\n${LINE.replace('2026-05-01 00:00:00 +0000', 'May')}\n`, 2],
  ['a NUL character', `${HEADER}\n${LINE.replace('web', 'w\0b')}\n`, 2],
])('refuses %s with its line number [BIL-3]', async (_what, text, line) => {
  expect(await refusal(text)).toMatchObject({ line });
});

it('refuses a record without an end before it has read the whole document [OPS-10]', async () => {
  const text = `${HEADER}\n${LINE}\nDroplets,"${'x'.repeat(400_000)}`;
  let readBytes = 0;
  const source = Readable.from(
    (function* () {
      for (let at = 0; at < text.length; at += 1_000) {
        readBytes = at;
        yield text.slice(at, at + 1_000);
      }
    })(),
  );
  await expect(
    (async () => {
      for await (const _batch of readDocument(source));
    })(),
  ).rejects.toMatchObject({ code: 'unreadable_document', line: 3 });
  expect(readBytes).toBeLessThan(200_000);
});

it('reads only as fast as the caller takes the lines [BIL-4]', async () => {
  const pieces = 1_000;
  let asked = 0;
  const source = Readable.from(
    (function* () {
      yield `${HEADER}\n`;
      for (; asked < pieces; asked += 1) yield `${LINE}\n`.repeat(50);
    })(),
    { highWaterMark: 1 },
  );
  const document = readDocument(source);
  let lines = (await document.next()).value?.length ?? 0;
  for (let turn = 0; turn < 10 * pieces; turn += 1) await nextTurn();
  expect(asked).toBeLessThan(10);
  for await (const batch of document) lines += batch.length;
  expect(lines).toBe(50 * pieces);
});
