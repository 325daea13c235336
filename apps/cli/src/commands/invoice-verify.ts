import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { DomainError } from '#libs/kernel';
import { verifyIssuerProof, verifyPdf } from '#libs/tenant-billing';
import { HelpRequested, parseFlags, UsageError } from '../command-line';

const USAGE = `npm run invoice:verify -- FILE.pdf [--key <file>] [--issuer-proof <file>]
  Computes every figure of an invoice, credit note or void notice again, from the file alone: attached proof, rounding, taxes, totals, what is printed on
  the pages, and the signature. Prints "verified", or the first thing that is wrong.
  Exit code 0: verified, 1: something is wrong, 2: the command or a file cannot be read.
  --key <file>           the public key of the issuer (PEM, from GET /api/v1/proof-key); without it the key in the file counts, and its digits are printed
  --issuer-proof <file>  the issuer's proof (GET /api/v1/tenant-invoices/:id/proof.json?issuer=true): opens what stands behind each line`;

/** Needs no configuration, no database and no network. */
export async function invoiceVerify(args: readonly string[]): Promise<number> {
  const [file = '', ...flags] = args;
  if (file === '' || file.startsWith('-')) {
    if (file === '--help' || file === '-h') throw new HelpRequested(USAGE);
    throw new UsageError('The PDF file is missing', USAGE);
  }
  const given = parseFlags(flags, USAGE, { key: { type: 'string' }, 'issuer-proof': { type: 'string' } });
  const pdf = read(file);
  const key = given.key === undefined ? undefined : publicKeyOf(read(given.key).toString('utf8'));
  const issuerFile = given['issuer-proof'];
  const issuerProof = issuerFile === undefined ? undefined : read(issuerFile).toString('utf8');
  try {
    const { proof, isIdenticalPrint } = await verifyPdf(pdf, key);
    const opened = issuerProof === undefined ? undefined : verifyIssuerProof(issuerProof.trimEnd(), proof.root, key);
    const { number, total, currency } = proof.document;
    print(`verified: ${number}, total ${currency} ${total}, root ${proof.root}`);
    if (key === undefined) print(`signed with the key ${proof.public_key}: compare it with GET /api/v1/proof-key of the issuer`);
    if (opened) print(`${opened.openings.length} commitments are opened by the proof of the issuer`);
    print(isIdenticalPrint ? 'the file is a print of the proof, byte for byte' : 'the file is not what this release prints from the proof: compare names and bank details with the attached proof.json'); // prettier-ignore
    return 0;
  } catch (error) {
    if (!(error instanceof DomainError) && !(error instanceof TypeError)) throw error;
    print(`NOT verified: ${error instanceof DomainError ? error.message : 'the proof has another shape'}`);
    return 1;
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError(`${path} cannot be read`, USAGE);
  }
}

/** The raw digits of a public key in PEM. */
function publicKeyOf(pem: string): string {
  try {
    return Buffer.from(createPublicKey(pem).export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  } catch {
    throw new UsageError('The file of --key has no public key', USAGE);
  }
}
