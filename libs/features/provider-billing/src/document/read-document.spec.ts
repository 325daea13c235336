import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnreadableDocumentError } from '../provider-billing.errors';
import type { InvoiceLine } from './invoice-line';
import { readDocument } from './read-document';

const HEADER = 'product,group_description,description,hours,start,end,USD,project_name,category';
const LINE = 'Droplets,,web-01 (s-1vcpu-1gb),720,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$6.00,Acme,iaas';

/** Reads the text in pieces of `pieceBytes`, which may cut characters and line ends. */
async function read(text: string, pieceBytes = 7): Promise<InvoiceLine[]> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, nth) =>
    bytes.subarray(nth * pieceBytes, (nth + 1) * pieceBytes),
  );
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
    },
  ]);
});

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
  ['a NUL character', `${HEADER}\n${LINE.replace('web', 'w\0b')}\n`, 2],
])('refuses %s with its line number [BIL-3]', async (_what, text, line) => {
  expect(await refusal(text)).toMatchObject({ line });
});

it('refuses a record without an end before it has read the whole document [OPS-10]', async () => {
  const text = `${HEADER}\n${LINE}\nDroplets,"${'x'.repeat(200_000)}`;
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
  expect(readBytes).toBeLessThan(100_000);
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
