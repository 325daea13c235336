import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { Big } from 'big.js';
import { UnreadableDocumentError } from '#libs/provider-billing';
import { readDocument } from '../../../libs/features/provider-billing/src/document/read-document';
import { SeededRandom } from '../../support/seeded-random';
import { expectedOf, fuzzedDocument } from './fuzzed-documents';

const DOCUMENTS = Number(process.env.FUZZ_DOCUMENTS ?? (process.env.TEST_LONG ? 10_000 : 300));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

async function read(text: string, pieceBytes: number) {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, nth) =>
    bytes.subarray(nth * pieceBytes, (nth + 1) * pieceBytes),
  );
  const lines = [];
  for await (const batch of readDocument(Readable.from(pieces, { objectMode: false }))) lines.push(...batch);
  return lines;
}

/** Returns the line for which a document was refused, or undefined when the document was accepted. */
async function refusalOf(text: string, pieceBytes: number): Promise<number | undefined> {
  try {
    await read(text, pieceBytes);
    return undefined;
  } catch (error) {
    if (error instanceof UnreadableDocumentError) return error.line;
    throw error;
  }
}

it(`reads each of ${DOCUMENTS} documents of all shapes exactly, or refuses it as a whole and names its line (seed ${SEED}) [BIL-3, BIL-4]`, async () => {
  const random = new SeededRandom(SEED);
  const wrong: object[] = [];
  const met = { exact: 0, refused: 0, lines: 0, negative: 0, breaks: 0 };
  for (let nth = 0; nth < DOCUMENTS; nth += 1) {
    const document = fuzzedDocument(random);
    const pieceBytes = 1 + random.below(random.chance(0.2) ? 5 : 3_000);
    if (document.spoilt) {
      const refusal = await refusalOf(document.text, pieceBytes);
      if (refusal !== document.spoilt.line) wrong.push({ nth, ...document.spoilt, refusal });
      met.refused += 1;
      continue;
    }
    const lines = await read(document.text, pieceBytes);
    const [header = ''] = document.text.split(/[\r\n]/, 1);
    const parsed = lines.map(({ subject: _subject, extra: _extra, unreadableCells: _none, amount, ...line }) => ({
      ...line,
      cents: new Big(amount).times(100).toNumber(),
    }));
    const truth = document.lines.map((line) => ({ ...expectedOf(line, header), cents: line.cents }));
    if (!isDeepStrictEqual(parsed, truth)) wrong.push({ nth, parsed, truth });
    met.exact += 1;
    met.lines += lines.length;
    met.negative += document.lines.filter(({ cents }) => cents < 0).length;
    met.breaks += document.lines.filter(({ description }) => description.includes('\n')).length;
  }
  console.log(`fuzzed documents: FUZZ_SEED=${SEED} ${JSON.stringify(met)}`);
  expect(wrong).toEqual([]);
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
});
