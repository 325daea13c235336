import { createHash } from 'node:crypto';
import type { TenantProof } from './document-sealer';
import { printedAmount, wordsOf } from './document-words';
import { PdfReader, rowsOf, type PrintedWord } from './read-pdf';
import { ATTACHED_PROOF, renderPdf, type PrintedLogo } from './render-pdf';
import { ProofInvalidError, verifyTenantProof } from './verify-proof';
import type { TenantDocument } from '../pricing/tenant-document';

export interface VerifiedPdf {
  readonly proof: TenantProof;
  /** The file is, byte for byte, what this release prints from the proof. False for a file of another release, or a changed one. */
  readonly isIdenticalPrint: boolean;
}

/**
 * Checks a printed document from the file alone: the attached proof, and that logo and every printed figure are those of the proof. Throws `ProofInvalidError`
 * and `PdfUnreadableError`.
 */
export async function verifyPdf(bytes: Buffer, publicKey?: string): Promise<VerifiedPdf> {
  const pdf = new PdfReader(bytes);
  const attached = pdf.attachment(ATTACHED_PROOF);
  if (!attached) throw new ProofInvalidError(`no ${ATTACHED_PROOF} is attached to the file`);
  const text = attached.toString('utf8');
  const proof = verifyTenantProof(text, publicKey);
  checkPrint(pdf.pages(), proof);
  const logo = logoOf(pdf, proof.document);
  return { proof, isIdenticalPrint: (await renderPdf(text, logo)).equals(bytes) };
}

/** The picture in the file, which must be the one that the document was issued with. */
function logoOf(pdf: PdfReader, { issuer: { logo_sha256: sha256 } }: TenantDocument): PrintedLogo | undefined {
  const picture = pdf.picture();
  if (sha256 === null && picture === undefined) return undefined;
  if (picture && createHash('sha256').update(picture.bytes).digest('hex') === sha256) return picture;
  throw new ProofInvalidError(picture ? 'the logo is not that of the proof' : 'the print does not have the logo of the proof');
}

function checkPrint(pages: readonly PrintedWord[][], { document, root, steps }: TenantProof): void {
  pages.forEach((words, at) => {
    const isSigned = words.some(({ text }) => text === root);
    if (!isSigned) throw new ProofInvalidError(`page ${at + 1} does not have the root of the proof`);
  });
  const rows = pages.flatMap(rowsOf);
  const taxOf = new Map(steps.flatMap(({ lines, tax_steps }) => tax_steps.map(({ value }, at) => [lines[at], value] as const)));
  let next = 0;
  const find = (first: string, tail: readonly string[], what: string) => {
    const at = rows.findIndex((row, place) => place >= next && row[0] === first && endsWith(row, tail));
    if (at < 0) throw new ProofInvalidError(`the print does not have ${what}, ${tail.join(' ')}, at its place`);
    next = at + 1;
  };
  for (const row of headlines(document)) if (!rows.some((printed) => endsWith(printed, row))) throw new ProofInvalidError(`the print does not have ${row.join(' ')} at its top`); // prettier-ignore
  const words = wordsOf(document.language);
  for (const line of document.lines) {
    const tax = taxOf.get(line.line_no);
    const tail = [
      line.quantity,
      line.unit_price,
      printedAmount(line.net, words),
      ...(tax === undefined
        ? [line.tax_rate, '%', ...(line.tax_category === 'S' ? [] : [line.tax_category])]
        : [printedAmount(tax, words)]),
    ];
    find(String(line.line_no), tail.filter((part) => part !== null), `line ${line.line_no}`); // prettier-ignore
  }
  for (const [label, amount] of totalsOf(document)) find(label.split(' ')[0] ?? '', [amount], label);
}

function headlines({ kind, currency, due, total, language }: TenantDocument): string[][] {
  if (kind === 'void_notice') return [];
  return [[currency, printedAmount(kind === 'invoice' ? due : total, wordsOf(language))]];
}

/** The rows below the lines, as `document-layout` prints them. */
function totalsOf({ kind, net, tax, taxes, total, wallet, due, language }: TenantDocument): [string, string][] {
  const words = wordsOf(language);
  const rows: [string, string][] = [
    [words.net, net],
    ...taxes.map((one): [string, string] => [words.taxOf(one.label, printedAmount(one.net, words)), one.tax]),
    ...(taxes.length > 1 ? ([[words.lineTax, tax]] as [string, string][]) : []),
    [kind === 'credit_note' ? words.credited : words.total, total],
  ];
  if (kind === 'invoice' && /[1-9]/.test(wallet)) rows.push([words.wallet, wallet], [words.amountDue, due]);
  return rows.map(([label, amount]) => [label, printedAmount(amount, words)]);
}

const endsWith = (row: readonly string[], tail: readonly string[]): boolean =>
  row.length >= tail.length && tail.every((part, at) => row[row.length - tail.length + at] === part);
