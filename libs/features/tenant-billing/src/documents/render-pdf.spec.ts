import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PDFDocument } from 'pdf-lib';
import { aDocument, originsOf } from '../../../../../test/support/tenant-documents';
import type { TenantDocument } from '../pricing/tenant-document';
import { charactersWithoutGlyph } from './document-font';
import { DocumentSealer } from './document-sealer';
import { readLogo } from './logo-picture';
import { encodePng } from './png';
import { ProofKey } from './proof-key';
import { asList, PdfReader, rowsOf } from './read-pdf';
import { ATTACHED_PROOF, renderPdf } from './render-pdf';
import { verifyPdf } from './verify-pdf';

const KEY = new ProofKey(Buffer.alloc(32, 7).toString('base64'));
const sealer = new DocumentSealer({ current: () => KEY });
const proofOf = (document: TenantDocument): string => sealer.seal(document, originsOf(document)).tenantProof;
const print = (document: TenantDocument): Promise<Buffer> => renderPdf(proofOf(document));
const refusalOf = (bytes: Buffer, key?: string): Promise<string> =>
  verifyPdf(bytes, key).then(
    () => 'verified',
    (error: Error) => error.message,
  );

const { customer } = aDocument();
const REVERSE = { tax_category: 'AE', tax_rate: '0' } as const;
const WORDS = {
  Polish: 'Zażółć gęślą jaźń ĄĆĘŁŃÓŚŹŻ',
  Russian: 'Съешь ещё этих мягких французских булок',
  Ukrainian: 'Їжак ґречно з’їв',
  Greek: 'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία',
  Turkish: 'Pijamalı hasta yağız şoföre çabucak güvendi',
  currencies: '₹ € £ ¥ $ ₽ ₺ ₪ ₩ ₫',
};

/** One of each shape: short and long, other scripts, reverse charge, without decimal places, credit note, void notice. */
const SHAPES: Readonly<Record<string, TenantDocument>> = {
  'one line': aDocument({ lines: 1 }),
  'forty lines': aDocument({ lines: 40 }),
  'other scripts': aDocument({
    lines: Object.values(WORDS).map((text) => ({ description: text, resource_name: text })),
    customer: { ...customer, name: WORDS.Greek, address: WORDS.Russian },
  }),
  'reverse charge': aDocument({ currency: 'EUR', lines: [REVERSE, REVERSE] }),
  'no decimal places': aDocument({ currency: 'JPY', decimals: 0, lines: 3 }),
  'a wallet': aDocument({ lines: 1, wallet: '0.40', due: '0.07' }),
  'large and negative amounts': aDocument({
    lines: ['12345678.9', '-20.555', '0'].map((exact) => ({ exact, quantity: null, unit_price: null, correction: true })),
  }),
  'a credit note': aDocument({ kind: 'credit_note', title: 'Credit note', number: 'CN-7', refers_to: 'A-000042', due_on: null, lines: 2 }),
  'a void notice': aDocument({ kind: 'void_notice', refers_to: 'A-000042', reason: 'Wrong party', lines: 2 }),
};

describe.each(Object.entries(SHAPES))('a printed document of %s', (_, document) => {
  let bytes: Buffer;
  let pdf: PdfReader;
  beforeAll(async () => {
    bytes = await print(document);
    pdf = new PdfReader(bytes);
  });

  it('is verified from the file alone, and printed again to the same bytes [TBL-4]', async () => {
    await expect(verifyPdf(bytes, KEY.publicKey)).resolves.toMatchObject({ isIdenticalPrint: true, proof: { document } });
  });

  it('adds up on paper: the printed nets and taxes are the printed total [TBL-8]', () => {
    const rows = pdf.pages().flatMap(rowsOf);
    const minor = (text = '') => BigInt(text.replaceAll(',', '').replace('−', '-').replace('.', ''));
    const nets = document.lines.map(({ line_no }) => rows.find(([first]) => first === String(line_no))?.at(-2));
    const isTaxed = document.kind !== 'credit_note'; // a credit note has the rate in place of the tax of a line
    const below = rows.slice(rows.findIndex(([first]) => first === String(document.lines.length)) + 1);
    const amountOf = (label: string) => minor(below.find((row) => row.join(' ').startsWith(label))?.at(-1));
    const taxes = document.taxes.map(({ label }) => amountOf(`${label} on`));
    const total = amountOf(document.kind === 'credit_note' ? 'Total credited' : 'Total');
    expect(amountOf('Net') + taxes.reduce((sum, tax) => sum + tax, 0n)).toBe(total);
    const printedNet = nets.reduce((sum, net) => sum + minor(net), 0n);
    expect(isTaxed ? printedNet : amountOf('Net')).toBe(amountOf('Net'));
    expect(total).toBe(minor(document.total));
  });

  it('shows every character: no glyph is missing', () => {
    const printed = pdf.pages().flatMap((words) => words.map(({ text }) => text));
    const squeezed = printed.join('').replaceAll(/\s/g, '');
    expect(printed.filter((text) => text.includes('\ufffd') || text.includes('\0'))).toEqual([]);
    for (const { description } of document.lines.slice(0, 8)) expect(squeezed).toContain(description.replaceAll(/\s/g, ''));
    expect(squeezed).toContain(document.customer.name.replaceAll(/\s/g, ''));
  });

  it('has the structure of PDF/A-3b: output intent, metadata, embedded fonts, related file, identifier', async () => {
    const { catalog } = pdf;
    const [intent] = asList(catalog['OutputIntents']);
    expect(pdf.dictionary(intent)).toMatchObject({ S: 'GTS_PDFA1' });
    const profile = pdf.stream(pdf.dictionary(intent)['DestOutputProfile']);
    expect([profile.readUInt32BE(0), profile.toString('latin1', 16, 20), profile.toString('latin1', 36, 40)]).toEqual([
      profile.length,
      'RGB ',
      'acsp',
    ]);
    const metadata = pdf.stream(catalog['Metadata']).toString('utf8');
    expect(metadata).toContain('<pdfaid:part>3</pdfaid:part>');
    expect(metadata).toContain('<pdfaid:conformance>B</pdfaid:conformance>');
    expect(metadata).toContain(`<xmp:CreateDate>${document.issued_on}T00:00:00Z</xmp:CreateDate>`);
    const resources = pdf.dictionary(pdf.dictionary(asList(pdf.dictionary(catalog['Pages'])['Kids'])[0])['Resources']);
    const fonts = Object.values(pdf.dictionary(resources['Font'])).map((font) => pdf.dictionary(font));
    for (const font of fonts) {
      const [descendant] = asList(font['DescendantFonts']);
      expect(pdf.stream(pdf.dictionary(pdf.dictionary(descendant)['FontDescriptor'])['FontFile2']).length).toBeGreaterThan(1_000);
    }
    const [related] = asList(catalog['AF']);
    expect(pdf.dictionary(related)).toMatchObject({ F: ATTACHED_PROOF, UF: ATTACHED_PROOF, AFRelationship: 'Data' });
    expect(pdf.attachment(ATTACHED_PROOF)?.toString('utf8')).toBe(proofOf(document));
    expect(pdf.trailer['ID']).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(pdf.trailer).not.toHaveProperty('Encrypt');
    const read = await PDFDocument.load(bytes, { updateMetadata: false }); // a reader that is not ours
    expect([read.getPageCount(), read.getKeywords()]).toEqual([
      pdf.pages().length,
      (JSON.parse(proofOf(document)) as { root: string }).root,
    ]);
    for (const page of read.getPages()) expect(page.getSize()).toEqual({ width: 595.28, height: 841.89 });
  });
});

describe('a logo', () => {
  const width = 240;
  const stripes = Buffer.from(Array.from({ length: width * 60 * 3 }, (_, at) => (at % 9 < 3 ? 24 : 90 + (at % 5))));
  const logo = readLogo(encodePng({ width, height: 60, rgb: stripes }));
  const { issuer } = aDocument();
  const branded = aDocument({ lines: 3, issuer: { ...issuer, logo_sha256: logo.sha256 } });

  it('is printed from the bytes that the document names, and the file alone is verified [TBL-4]', async () => {
    const bytes = await renderPdf(proofOf(branded), logo);
    await expect(verifyPdf(bytes, KEY.publicKey)).resolves.toMatchObject({ isIdenticalPrint: true, proof: { document: branded } });
    expect(new PdfReader(bytes).picture()).toEqual({ mediaType: 'image/png', bytes: logo.bytes });
    expect((await print(aDocument({ lines: 3 }))).length).toBeLessThan(bytes.length);
  });

  it('as a JPEG is printed and verified too [TBL-4]', async () => {
    const jpeg = readLogo(await readFile(join(__dirname, '../../../../../test/support/logo.jpg')));
    expect(jpeg).toMatchObject({ mediaType: 'image/jpeg', width: 48, height: 16 });
    const document = aDocument({ lines: 3, issuer: { ...issuer, logo_sha256: jpeg.sha256 } });
    const bytes = await renderPdf(proofOf(document), jpeg);
    await expect(verifyPdf(bytes, KEY.publicKey)).resolves.toMatchObject({ isIdenticalPrint: true, proof: { document } });
    expect(new PdfReader(bytes).picture()).toEqual({ mediaType: 'image/jpeg', bytes: jpeg.bytes });
  });

  it('that is missing, is another one or should not be there is refused', async () => {
    const other = readLogo(encodePng({ width, height: 60, rgb: Buffer.from(stripes).fill(7, 0, 3) }));
    expect(await refusalOf(await print(branded))).toBe('the print does not have the logo of the proof');
    expect(await refusalOf(await renderPdf(proofOf(branded), other))).toBe('the logo is not that of the proof');
    expect(await refusalOf(await renderPdf(proofOf(aDocument()), logo))).toBe('the logo is not that of the proof');
  });
});

it('repeats the header of the table, and has page x of y and the root on each page', async () => {
  const document = aDocument({ lines: 120 });
  const pages = new PdfReader(await print(document)).pages().map(rowsOf);
  expect(pages.length).toBeGreaterThan(3);
  pages.forEach((rows, at) => {
    expect(rows.some((row) => row.join(' ').endsWith(`Page ${at + 1} of ${pages.length}`))).toBe(true);
    const hasLines = rows.some(([first]) => first !== undefined && /^\d+$/.test(first));
    expect({ at, header: rows.some(([first]) => first === '#') || !hasLines }).toEqual({ at, header: true });
  });
});

it('says on a credit note what it is for and why, on a reverse charge who pays the tax, and VOID across a void notice', async () => {
  const textOf = async (document: TenantDocument | undefined) =>
    document ? new PdfReader(await print(document)).pages().flatMap(rowsOf).map((row) => row.join(' ')).join('\n') : ''; // prettier-ignore
  expect(await textOf(aDocument({ kind: 'credit_note', refers_to: 'A-1', reason: 'Out of service' }))).toMatch(
    /For invoice A-1[^]*Reason\nOut of service/,
  );
  expect(await textOf(SHAPES['reverse charge'])).toContain('Reverse charge: VAT is to be paid by the customer');
  expect(await textOf(SHAPES['a void notice'])).toContain('VOID');
  const foreign = aDocument({ language: 'de', currency: 'EUR', fx: { rate: '0.9231', source: 'ECB', on: '2026-10-30' } });
  expect(await textOf(foreign)).toContain('Exchange rate 0.9231 of 30 October 2026 (ECB)');
});

it('prints a name once, and what a quantity counts in the words of people', async () => {
  const lines = [
    { description: 'web-1 (s-1vcpu-1gb)', resource_name: 'web-1', quantity: '720', unit: 'hour' },
    { description: 'web-1 (Weekly Backup Services)', resource_name: 'web-1', quantity: '4', unit: 'backup' },
    { description: 'Snapshot 572', resource_name: 'snapshot', quantity: '1', unit: 'hour' },
    { description: 'Work', resource_name: null, quantity: '1', unit: 'each' },
    { description: 'Stones', resource_name: null, quantity: '3', unit: 'stone' },
  ];
  const words = new PdfReader(await print(aDocument({ lines }))).pages().flatMap(rowsOf).map((row) => row.join(' ')); // prettier-ignore
  expect(words.filter((row) => row === 'web-1' || row.startsWith('web-1 hour'))).toEqual([]);
  const below = (first: string) => words[words.findIndex((row) => row.includes(first)) + 1]?.replace(/ \d+ %.*/, '');
  expect([below('web-1 (s-1vcpu-1gb)'), below('Weekly Backup')]).toEqual(['hours', 'backups']);
  expect([below('Snapshot 572'), below('Stones')]).toEqual(['snapshot hour', 'stone']);
  expect(words.some((row) => /\beach\b/.test(row))).toBe(false);
});

it('is refused when a printed amount, the root or the attached proof is changed', async () => {
  const bytes = await print(aDocument({ lines: 5 }));
  const text = bytes.toString('latin1');
  const changed = (from: string, to: string) => Buffer.from(text.replace(from, to), 'latin1');
  const amounts = [...text.matchAll(/\[<(?:[0-9a-f]{4})+>[^\]]*\] TJ/g)]
    .map(([drawn]) => drawn)
    .filter((drawn) => !drawn.includes('<0001>'));
  const figures = new Set(['0.43', '2.20', '3.12', '5.92', '7.87', '19.54', '1.95', '21.49']);
  const pdf = new PdfReader(bytes);
  const words = pdf.pages().flatMap((page) => page.map((word) => word.text));
  expect([...figures].filter((figure) => words.includes(figure)).length).toBeGreaterThan(5);
  let seen = 0;
  for (const drawn of new Set(amounts)) {
    const other = changed(
      drawn,
      drawn.replace(/([0-9a-f]{4})>/, (_, code: string) => `${code === '0016' ? '0017' : '0016'}>`),
    );
    const now = new PdfReader(other).pages().flatMap((page) => page.map((word) => word.text));
    if (!words.some((word, at) => figures.has(word) && now[at] !== word)) continue;
    seen += 1;
    expect(await refusalOf(other)).toMatch(/^the print does not have/);
  }
  expect(seen).toBeGreaterThan(5);
  expect(await refusalOf(changed('"total":"', '"total":"9'))).not.toBe('verified');
  expect(await refusalOf(changed('proof.json', 'other.json'))).toContain('no proof.json is attached');
  expect(await refusalOf(bytes.subarray(0, 5_000))).toContain('no PDF of ours');
  expect(await refusalOf(bytes, 'a'.repeat(64))).toContain('another key');
  const colour = changed('0.09411764705882353', '0.99411764705882353');
  await expect(verifyPdf(colour)).resolves.toMatchObject({ isIdenticalPrint: false });
});

it('has a glyph for each letter of Latin, Polish, Cyrillic and Greek and for the signs of currencies, and names the characters that it lacks', () => {
  for (const text of Object.values(WORDS)) expect(charactersWithoutGlyph(text)).toEqual([]);
  expect(charactersWithoutGlyph('请 Acme\n漢漢 😀')).toEqual(['请', '漢', '😀']);
});
