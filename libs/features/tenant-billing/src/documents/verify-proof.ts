import { canonicalJson, domainError } from '#libs/kernel';
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { ISSUER_PROOF, TENANT_PROOF, type IssuerProof, type RoundedPart, type RoundingSteps, type TenantProof } from './document-sealer';
import { SIGNED_PREFIX } from './proof-key';
import type { DocumentKind, DocumentLine, DocumentTax, TenantDocument } from '../pricing/tenant-document';

/** The first thing that is wrong with a document or its proof. */
export class ProofInvalidError extends domainError('proof_invalid', 'invalid') {}

/**
 * Checks the tenant's proof: its bytes, root, signature, and every figure, with arithmetic of its own. Without `publicKey` the key in the proof
 * counts, which shows that the proof is whole but not who signed it. Throws `ProofInvalidError`.
 */
export function verifyTenantProof(text: string, publicKey?: string): TenantProof {
  const proof = parsed(text, 'the proof') as TenantProof;
  checkTenantProof(proof, publicKey);
  return proof;
}

/** Checks the issuer's proof against the root of the tenant's, and opens every commitment. Throws `ProofInvalidError`. */
export function verifyIssuerProof(text: string, root: string, publicKey?: string): IssuerProof {
  const proof = parsed(text, "the issuer's proof") as IssuerProof;
  expect(proof.format === ISSUER_PROOF, "the issuer's proof has an unknown format");
  expect(
    hasKeys(proof, ['format', 'openings', 'root', 'tenant_proof']) && Array.isArray(proof.openings),
    "the issuer's proof has other fields",
  );
  checkTenantProof(proof.tenant_proof, publicKey);
  expect(proof.root === root && proof.tenant_proof.root === root, "the issuer's proof has another root");
  const { commitments } = proof.tenant_proof;
  expect(proof.openings.length === commitments.length, "the issuer's proof does not open every commitment");
  proof.openings.forEach((opening, at) => {
    const { line_no, commitment } = commitments[at] ?? { line_no: 0, commitment: '' };
    const where = `the commitment of line ${line_no}`;
    expect(hasKeys(opening, ['origin', 'salt']) && isHex(opening.salt, 64), `${where} has no opening`);
    const opened = createHmac('sha256', Buffer.from(opening.salt, 'hex')).update(canonicalJson(opening.origin)).digest('hex');
    expect(opening.origin.line_no === line_no && opened === commitment, `${where} does not fit what is said to stand behind it`);
  });
  return proof;
}

/** Recomputes every figure of a document from its lines. The first figure that is wrong; undefined when all are right. */
export function figuresProblem(document: TenantDocument): string | undefined {
  try {
    checkFigures(document);
    return undefined;
  } catch (error) {
    if (error instanceof ProofInvalidError) return error.message;
    throw error;
  }
}

function checkTenantProof(proof: TenantProof, publicKey: string | undefined): void {
  expect(proof.format === TENANT_PROOF, 'the proof has an unknown format');
  const { root, signature, ...proven } = proof;
  expect(isHex(root, 64) && root === sha256(canonicalJson(proven)), 'the proof was changed after its root was made');
  expect(isHex(proof.public_key, 64) && isSigned(root, signature, proof.public_key), 'the signature does not fit the root');
  expect(publicKey === undefined || publicKey === proof.public_key, 'the proof is signed with another key');
  expect(proof.document_sha256 === sha256(canonicalJson(proof.document)), 'the hash of the document is not that of the document');
  const { lines, taxes } = proof.document;
  const fits = proof.commitments.every(({ line_no, commitment }, at) => line_no === lines[at]?.line_no && isHex(commitment, 64));
  expect(fits && proof.commitments.length === lines.length, 'there is not one commitment for each line');
  checkFigures(proof.document);
  expect(proof.steps.length === taxes.length, 'there are not rounding steps for each tax');
  taxes.forEach((tax, at) => checkSteps(proof.document, tax, proof.steps[at]));
}

function checkFigures({ lines, taxes, decimals, ...totals }: TenantDocument): void {
  expect(Number.isInteger(decimals) && decimals >= 0 && decimals <= 4, 'the number of decimal places is not one of a currency');
  lines.forEach((line, at) => {
    expect(line.line_no === at + 1, `line ${at + 1} has the number ${line.line_no}`);
    checkExactValue(line);
  });
  expect(
    lines.every((line) => taxes.filter((tax) => isOf(line, tax)).length === 1) &&
      taxes.every((tax) => lines.some((line) => isOf(line, tax))),
    'there is not one tax for the lines of each category and rate',
  );
  for (const tax of taxes) checkTax(totals.kind, lines, tax, decimals);
  const amount = (text: string, what: string) => minor(text, decimals, what);
  const [net, tax, total] = [amount(totals.net, 'the net'), amount(totals.tax, 'the tax'), amount(totals.total, 'the total')];
  expect(net === sum(lines.map((line) => amount(line.net, 'a net'))), 'the net is not the sum of the lines');
  expect(tax === sum(taxes.map((one) => amount(one.tax, 'a tax'))), 'the tax is not the sum of the taxes');
  expect(total === net + tax, 'the total is not net + tax');
  const [wallet, due] = [amount(totals.wallet, 'the wallet'), amount(totals.due, 'the amount due')];
  if (totals.kind === 'invoice') expect(due === total - wallet, 'the amount due is not the total less what the wallet paid');
}

function checkExactValue({ line_no, quantity, unit_price, exact }: DocumentLine): void {
  const value = decimal(exact, `the exact value of line ${line_no}`);
  if (quantity === null || unit_price === null) return;
  const [count, price] = [decimal(quantity, `the quantity of line ${line_no}`), decimal(unit_price, `the price of line ${line_no}`)];
  const product = { units: count.units * price.units, places: count.places + price.places };
  const places = Math.max(product.places, value.places);
  expect(unitsAt(product, places) === unitsAt(value, places), `line ${line_no} is not quantity × unit price`);
}

/** The tax of a credit note may be one unit beside that of its net: it takes what is left of the tax of its invoice. */
function checkTax(kind: DocumentKind, lines: readonly DocumentLine[], tax: DocumentTax, decimals: number): void {
  const name = `the tax ${tax.category} ${tax.rate} %`;
  const group = lines.filter((line) => isOf(line, tax));
  const { total, parts } = shared(
    group.map(({ line_no, exact }) => decimal(exact, `the exact value of line ${line_no}`)),
    decimals,
  );
  group.forEach((line, at) => {
    const net = minor(line.net, decimals, `the net of line ${line.line_no}`);
    expect(net === parts[at]?.value, `the net of line ${line.line_no} is not its exact value rounded with the others`);
  });
  expect(minor(tax.net, decimals, `the net of ${name}`) === total, `the net of ${name} is not the sum of its lines`);
  const rate = decimal(tax.rate, `the rate of ${name}`);
  const computed = rounded(total * rate.units, 10n ** BigInt(rate.places + 2));
  const beside = minor(tax.tax, decimals, name) - computed;
  expect(beside === 0n || (kind === 'credit_note' && (beside === 1n || beside === -1n)), `${name} is not its rate of the net`);
}

function checkSteps({ kind, lines, decimals }: TenantDocument, tax: DocumentTax, steps: RoundingSteps | undefined): void {
  const group = lines.filter((line) => isOf(line, tax));
  const exacts = group.map(({ exact }) => decimal(exact, 'an exact value'));
  const rate = decimal(tax.rate, 'a rate');
  const taxes = group.map(({ net }) => {
    const { units, places } = decimal(net, 'a net');
    return { units: units * rate.units, places: places + rate.places + 2 };
  });
  const same =
    steps !== undefined &&
    steps.category === tax.category &&
    steps.rate === tax.rate &&
    steps.net === tax.net &&
    steps.tax === tax.tax &&
    canonicalJson(steps.lines) === canonicalJson(group.map(({ line_no }) => line_no)) &&
    sameSteps(steps.net_steps, exacts, decimals, steps.exact) &&
    (kind === 'credit_note' ? steps.tax_steps.length === 0 : sameSteps(steps.tax_steps, taxes, decimals, steps.exact_tax));
  expect(same, `the rounding steps of the tax ${tax.category} ${tax.rate} % are not those of its lines`);
}

function sameSteps(steps: readonly RoundedPart[], exacts: readonly Decimal[], decimals: number, exactSum: string): boolean {
  const { parts, exact, places } = shared(exacts, decimals);
  const written = steps.map((step) => ({
    floor: minor(step.floor, decimals, 'a rounding step'),
    rest: unitsAt(decimal(step.remainder, 'a remainder'), places),
    raised: step.raised,
    value: minor(step.value, decimals, 'a rounding step'),
  }));
  const isSame = parts.every((part, at) => {
    const step = written[at];
    return step?.floor === part.floor && step.rest === part.rest && step.raised === part.raised && step.value === part.value;
  });
  return isSame && written.length === parts.length && unitsAt(decimal(exactSum, 'an exact sum'), places) === exact;
}

/** A decimal number: whole units of `10 ^ -places`. */
interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

function decimal(text: string, what: string): Decimal {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text) ?? [];
  expect(whole !== '', `${what} is not a decimal number`);
  return { units: BigInt(`${sign}${whole}${fraction}`), places: fraction.length };
}

/** Zeros at the end mean nothing, so a decimal number may be read with fewer places than it has. */
function unitsAt({ units, places }: Decimal, wanted: number): bigint {
  if (places <= wanted) return units * 10n ** BigInt(wanted - places);
  const dropped = 10n ** BigInt(places - wanted);
  expect(units % dropped === 0n, 'a rounding step is finer than its line');
  return units / dropped;
}

/** An amount as documents write it: with all decimal places of the currency and no others. */
function minor(text: string, decimals: number, what: string): bigint {
  const { units, places } = decimal(text, what);
  expect(places === decimals, `${what} does not have ${decimals} decimal places`);
  return units;
}

/** Divides and rounds, ties away from zero. The divisor is above zero. */
function rounded(dividend: bigint, divisor: bigint): bigint {
  const size = dividend < 0n ? -dividend : dividend;
  const result = (size + divisor / 2n) / divisor;
  return dividend < 0n ? -result : result;
}

/** The rule of `roundTogether`, written once more: each value rounded down, and what is left given to the largest rests. */
function shared(exacts: readonly Decimal[], decimals: number) {
  const places = Math.max(decimals, ...exacts.map((value) => value.places));
  const unit = 10n ** BigInt(places - decimals);
  const values = exacts.map((value) => unitsAt(value, places));
  const exact = sum(values);
  const total = rounded(exact, unit);
  const cut = values.map((value) => {
    const rest = ((value % unit) + unit) % unit;
    return { floor: (value - rest) / unit, rest };
  });
  const left = Number(total - sum(cut.map(({ floor }) => floor)));
  const order = cut.map((_, at) => at).sort((a, b) => Number((cut[b]?.rest ?? 0n) - (cut[a]?.rest ?? 0n)) || a - b);
  const raised = new Set(order.slice(0, left));
  return {
    places,
    exact,
    total,
    parts: cut.map(({ floor, rest }, at) => ({ floor, rest, raised: raised.has(at), value: raised.has(at) ? floor + 1n : floor })),
  };
}

const isOf = (line: DocumentLine, tax: DocumentTax): boolean => line.tax_category === tax.category && line.tax_rate === tax.rate;
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const isHex = (text: unknown, length: number): text is string =>
  typeof text === 'string' && text.length === length && /^[0-9a-f]+$/.test(text);
const hasKeys = (value: object, keys: readonly string[]): boolean => canonicalJson(Object.keys(value).sort()) === canonicalJson(keys);

function isSigned(root: string, signature: string, publicKey: string): boolean {
  if (!isHex(signature, 128)) return false;
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(`${SIGNED_PREFIX}${root}`), key, Buffer.from(signature, 'hex'));
}

/** Only canonical JSON counts: otherwise bytes could be changed without a change of the values. */
function parsed(text: string, what: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProofInvalidError(`${what} is not JSON`);
  }
  expect(typeof value === 'object' && value !== null && canonicalJson(value) === text, `${what} is not canonical JSON`);
  return value;
}

function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new ProofInvalidError(otherwise);
}
