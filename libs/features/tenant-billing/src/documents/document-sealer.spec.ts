import { canonicalJson, Money } from '#libs/kernel';
import { DocumentSealer, roundTogether, type SealedDocument } from './document-sealer';
import { ProofKey } from './proof-key';
import { aDocument, originsOf } from '../../../../../test/support/tenant-documents';
import { figuresProblem, verifyIssuerProof, verifyTenantProof } from './verify-proof';
import type { TenantDocument } from '../pricing/tenant-document';

const KEY = new ProofKey(Buffer.alloc(32, 7).toString('base64'));
const sealer = new DocumentSealer({ current: () => KEY });
const seal = (document: TenantDocument): SealedDocument => sealer.seal(document, originsOf(document));
/** The long size proves what the short one shows. */
const MUTATIONS = process.env.TEST_LONG ? 10_000 : 200;

const refusal = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  return 'accepted';
};

describe('sealing a document', () => {
  it('gives equal bytes for equal inputs, whatever the order of their keys', () => {
    const document = aDocument({ lines: 40 });
    const reversed = Object.fromEntries(Object.entries(document).reverse()) as unknown as TenantDocument;
    expect(seal(reversed)).toEqual(seal(document));
    expect(
      new DocumentSealer({ current: () => new ProofKey(Buffer.alloc(32, 7).toString('base64')) }).seal(document, originsOf(document)),
    ).toEqual(seal(document));
  });

  it('makes two proofs with one root, and both hold', () => {
    const { tenantProof, issuerProof, root, publicKey, sha256 } = seal(aDocument({ lines: 40 }));
    expect(verifyTenantProof(tenantProof, publicKey)).toMatchObject({ root, document_sha256: sha256 });
    expect(verifyIssuerProof(issuerProof, root, publicKey).openings).toHaveLength(40);
  });

  it('has one commitment of one length for each line, and no buy amount, in the proof of the tenant', () => {
    const document = aDocument({ lines: 3 });
    const shared = { pool: 'support', tenants: Array.from({ length: 500 }, (_, at) => `tenant-${at}`) };
    const origins = originsOf(document).map((origin, at) => (at === 0 ? { ...origin, buy: '987654.321', explanation: shared } : origin));
    const { tenantProof, issuerProof } = sealer.seal(document, origins);
    expect(tenantProof).toHaveLength(seal(document).tenantProof.length);
    expect(tenantProof).not.toContain('987654.321');
    expect(tenantProof).not.toContain('support');
    expect(issuerProof).toContain('987654.321');
    const { commitments } = JSON.parse(tenantProof) as { commitments: { commitment: string }[] };
    expect(new Set(commitments.map(({ commitment }) => commitment.length))).toEqual(new Set([64]));
  });

  it('commits to equal origins differently for other tenants, months, documents and lines', () => {
    const document = aDocument({ lines: 2 });
    const same = [1, 2].map((line_no) => ({ line_no, buy: '1.00', explanation: null }));
    const commitmentsOf = (changes: Partial<TenantDocument>) =>
      (JSON.parse(sealer.seal({ ...document, ...changes }, same).tenantProof) as { commitments: { commitment: string }[] }).commitments;
    const all = [{}, { tenant_id: 'bluebird' }, { period: '2026-09' }, { number: 'A-9' }].flatMap(commitmentsOf);
    expect(new Set(all.map(({ commitment }) => commitment)).size).toBe(8);
  });

  it('refuses origins that are not those of the lines, and nets that are not rounded together', () => {
    const document = aDocument({ lines: 2 });
    const [first] = originsOf(document);
    if (!first) throw new Error('there is no origin');
    expect(refusal(() => sealer.seal(document, [first]))).toContain('each line needs one origin');
    expect(refusal(() => sealer.seal(document, [first, first]))).toContain('each line needs one origin');
    const [line, ...others] = document.lines;
    if (!line) throw new Error('there is no line');
    expect(refusal(() => seal({ ...document, lines: [{ ...line, net: '9999.00' }, ...others] }))).toContain('not rounded together');
  });
});

describe('a proof', () => {
  const document = aDocument({ lines: 12 });
  const sealed = seal(document);
  const other = new ProofKey(Buffer.alloc(32, 8).toString('base64'));

  it('is refused after the change of any byte', () => {
    const proofs = [sealed.tenantProof, sealed.issuerProof];
    const accepted: string[] = [];
    for (let at = 0; at < MUTATIONS; at += 1) {
      const proof = Buffer.from(proofs[at % 2] ?? '');
      const place = Math.floor(((at * 0.6180339887) % 1) * proof.length);
      proof[place] = (proof[place] ?? 0) ^ (1 << (at % 7));
      const text = proof.toString('utf8');
      const answer = refusal(() =>
        at % 2 === 0 ? verifyTenantProof(text, KEY.publicKey) : verifyIssuerProof(text, sealed.root, KEY.publicKey),
      );
      if (!answer.startsWith('ProofInvalidError')) accepted.push(`byte ${place}: ${answer}`);
    }
    expect(accepted).toEqual([]);
  });

  it('is refused when one amount differs by a cent, also when the issuer signs it', () => {
    const amounts = ['net', 'tax', 'total', 'wallet', 'due'] as const;
    const cent = (text: string) => Money.parse(text).add(Money.parse('0.01')).toText();
    for (const field of amounts)
      expect([field, figuresProblem({ ...document, [field]: cent(document[field]) })]).not.toEqual([field, undefined]);
    for (const at of document.lines.keys()) {
      const lines = document.lines.map((line, no) => (no === at ? { ...line, net: cent(line.net) } : line));
      expect(figuresProblem({ ...document, lines })).toContain(`line ${at + 1}`);
    }
    for (const field of ['net', 'tax'] as const) {
      const taxes = document.taxes.map((tax, at) => (at === 0 ? { ...tax, [field]: cent(tax[field]) } : tax));
      expect(figuresProblem({ ...document, taxes })).toContain('the tax');
    }
    expect(figuresProblem(document)).toBeUndefined();
  });

  it('is refused with the key of somebody else, and when somebody else signed it', () => {
    expect(refusal(() => verifyTenantProof(sealed.tenantProof, other.publicKey))).toContain('signed with another key');
    const forged = new DocumentSealer({ current: () => other }).seal(document, originsOf(document)).tenantProof;
    expect(verifyTenantProof(forged)).toMatchObject({ public_key: other.publicKey });
    expect(refusal(() => verifyTenantProof(forged, KEY.publicKey))).toContain('signed with another key');
    const swapped = canonicalJson({ ...(JSON.parse(forged) as object), signature: sealed.signature });
    expect(refusal(() => verifyTenantProof(swapped))).toContain('signature');
  });

  it('is refused by the root of another document', () => {
    expect(refusal(() => verifyIssuerProof(sealed.issuerProof, seal(aDocument({ lines: 11 })).root))).toContain('another root');
  });
});

describe('rounding together', () => {
  it.each([
    { exacts: ['0.005', '0.005', '0.005'], places: 2, values: ['0.01', '0.01', '0.00'] },
    { exacts: ['1.111', '2.229', '3.335'], places: 2, values: ['1.11', '2.23', '3.34'] },
    { exacts: ['-0.004', '0.006', '-0.009'], places: 2, values: ['0.00', '0.00', '-0.01'] },
    { exacts: ['-5', '2.5'], places: 0, values: ['-5', '2'] },
    { exacts: ['10.4', '10.4', '10.4'], places: 0, values: ['11', '10', '10'] },
    { exacts: ['1.23456'], places: 3, values: ['1.235'] },
    { exacts: [], places: 2, values: [] },
  ])('turns $exacts into $values', ({ exacts, places, values }) => {
    const { sum, parts } = roundTogether(
      exacts.map((text) => Money.parse(text)),
      places,
      'USD',
    );
    expect(parts.map(({ value }) => value)).toEqual(values);
    expect(sum.equals(Money.sum(values.map((text) => Money.parse(text))))).toBe(true);
  });
});
