import { canonicalJson, canonicalObject, Money } from '#libs/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { createHash, createHmac } from 'node:crypto';
import { ProofKeys } from './proof-key';
import type { DocumentTax, LineOrigin, TenantDocument } from '../pricing/tenant-document';

export const TENANT_PROOF = 'arcadia-tenant-proof/1';
export const ISSUER_PROOF = 'arcadia-issuer-proof/1';

/** One value of several that are rounded together. */
export interface RoundedPart {
  /** The exact value, rounded down. */
  readonly floor: string;
  /** What was cut off. */
  readonly remainder: string;
  /** Whether the value got one of the units that were left. */
  readonly raised: boolean;
  readonly value: string;
}

/** How the lines of one category and rate were rounded and taxed. `net_steps` and `tax_steps` have a part for each of `lines`. */
export interface RoundingSteps {
  readonly category: string;
  readonly rate: string;
  readonly lines: readonly number[];
  readonly exact: string;
  readonly net: string;
  readonly net_steps: readonly RoundedPart[];
  readonly exact_tax: string;
  readonly tax: string;
  /** The tax spread over the lines. It is for display; the tax is computed on the net of all lines. None for a credit note. */
  readonly tax_steps: readonly RoundedPart[];
}

export interface TenantProof {
  readonly format: typeof TENANT_PROOF;
  readonly document: TenantDocument;
  /** SHA-256 of the canonical JSON of the document. */
  readonly document_sha256: string;
  readonly steps: readonly RoundingSteps[];
  /** One for each line, all of one length, so that nothing about the number of tenants behind a line is told. */
  readonly commitments: readonly { readonly line_no: number; readonly commitment: string }[];
  readonly public_key: string;
  /** SHA-256 of the canonical JSON of the fields above. */
  readonly root: string;
  /** Ed25519. */
  readonly signature: string;
}

export interface IssuerProof {
  readonly format: typeof ISSUER_PROOF;
  readonly root: string;
  readonly tenant_proof: TenantProof;
  readonly openings: readonly Opening[];
}

/** Opens the commitment of a line: `commitment` is the HMAC-SHA-256, keyed with the salt, of the canonical JSON of the origin. */
export interface Opening {
  readonly salt: string;
  readonly origin: LineOrigin;
}

/** A stored document. All texts are canonical JSON: equal inputs give equal bytes. */
export interface SealedDocument {
  readonly json: string;
  readonly sha256: string;
  readonly tenantProof: string;
  /** For admins only: it has buy amounts. */
  readonly issuerProof: string;
  readonly root: string;
  readonly signature: string;
  readonly publicKey: string;
}

/** Freezes documents and proves them. Pure: it reads nothing but the key. */
@Injectable()
export class DocumentSealer {
  constructor(@Inject(ProofKeys) private readonly keys: Pick<ProofKeys, 'current'>) {}

  /** Throws `RangeError` unless the origins are those of the lines, one each, and the lines are rounded as `roundTogether` does. */
  seal(document: TenantDocument, origins: readonly LineOrigin[]): SealedDocument {
    const key = this.keys.current();
    const json = canonicalJson(document);
    const sha256 = sha256Of(json);
    const originOf = new Map(origins.map((origin) => [origin.line_no, origin]));
    if (originOf.size !== document.lines.length || origins.length !== originOf.size) throw new RangeError('each line needs one origin');
    const opened = document.lines.map(({ line_no }) => openingOf(document, originOf.get(line_no), (place) => key.salt(place)));
    const proven = {
      format: canonicalJson(TENANT_PROOF),
      document: json,
      document_sha256: canonicalJson(sha256),
      steps: canonicalJson(document.taxes.map((tax) => stepsOf(document, tax))),
      commitments: canonicalJson(opened.map(({ salt, line_no, origin }) => ({ line_no, commitment: commitmentOf(salt, origin) }))),
      public_key: canonicalJson(key.publicKey),
    };
    const root = sha256Of(canonicalObject(proven));
    const signature = key.sign(root);
    const signed = { ...proven, root: canonicalJson(root), signature: canonicalJson(signature) };
    const tenantProof = canonicalObject(signed satisfies Record<keyof TenantProof, string>);
    const openings = opened.map(({ salt, origin }) =>
      canonicalObject({ salt: canonicalJson(salt), origin } satisfies Record<keyof Opening, string>),
    );
    const issuerProof = canonicalObject({
      format: canonicalJson(ISSUER_PROOF),
      root: canonicalJson(root),
      tenant_proof: tenantProof,
      openings: `[${openings.join(',')}]`,
    } satisfies Record<keyof IssuerProof, string>);
    return { json, sha256, tenantProof, issuerProof, root, signature, publicKey: key.publicKey };
  }
}

/**
 * Rounds exact values so that they add up to their rounded sum (ties away from zero): each is rounded down, and the units that are left go, one
 * each, to the largest remainders; ties go to the earlier value. Used for the lines of one category and rate, in order of `line_no`.
 */
export function roundTogether(exacts: readonly Money[], places: number, currency: string): { sum: Money; parts: RoundedPart[] } {
  const unit = Money.parse('1', currency).ratio(1n, 10n ** BigInt(places), places); // the smallest amount
  const cut = exacts.map((exact, at) => {
    const nearest = exact.round(places, 'half_away');
    const floor = nearest.compare(exact) > 0 ? nearest.subtract(unit) : nearest;
    return { at, floor, remainder: exact.subtract(floor) };
  });
  const sum = Money.sum(exacts, currency).round(places, 'half_away');
  const left = Number(
    sum
      .subtract(
        Money.sum(
          cut.map(({ floor }) => floor),
          currency,
        ),
      )
      .toUnits(places),
  );
  const largest = [...cut].sort((a, b) => b.remainder.compare(a.remainder) || a.at - b.at);
  const raised = new Set(largest.slice(0, left).map(({ at }) => at));
  const parts = cut.map(({ at, floor, remainder }) => ({
    floor: floor.toText(),
    remainder: remainder.trim().toText(),
    raised: raised.has(at),
    value: (raised.has(at) ? floor.add(unit) : floor).toText(),
  }));
  return { sum, parts };
}

/** Credit notes take what is left of the tax of their invoice, which may differ by one unit from the tax of their own net. */
function stepsOf({ kind, lines, currency, decimals }: TenantDocument, { category, rate, tax: given }: DocumentTax): RoundingSteps {
  const group = lines.filter((line) => line.tax_category === category && line.tax_rate === rate);
  const exacts = group.map(({ exact }) => Money.parse(exact, currency));
  const net = roundTogether(exacts, decimals, currency);
  if (net.parts.some(({ value }, at) => value !== group[at]?.net)) throw new RangeError('the nets of the lines are not rounded together');
  const taxes = group.map((line) =>
    Money.parse(line.net, currency)
      .multiply(rate)
      .ratio(1n, 100n, decimals + TAX_PLACES),
  );
  const tax = roundTogether(taxes, decimals, currency);
  if (kind !== 'credit_note' && tax.sum.toText() !== given)
    throw new RangeError(`the tax ${category} ${rate} % is not its rate of the net`);
  return {
    category,
    rate,
    lines: group.map(({ line_no }) => line_no),
    exact: Money.sum(exacts, currency).trim().toText(),
    net: net.sum.toText(),
    net_steps: net.parts,
    exact_tax: Money.sum(taxes, currency).trim().toText(),
    tax: given,
    tax_steps: kind === 'credit_note' ? [] : tax.parts,
  };
}

/** A net times a rate with up to 6 decimal places, in percent, has at most this many places more than the net. */
const TAX_PLACES = 8;

/** The salt depends on the place of the line only, so that sealing again gives equal bytes. */
function openingOf(document: TenantDocument, origin: LineOrigin | undefined, salt: (place: string) => string) {
  if (!origin) throw new RangeError('an origin is of no line');
  const { issuer, tenant_id, period, kind, number } = document;
  const { line_no } = origin;
  return { line_no, salt: salt(canonicalJson([issuer, tenant_id, period, kind, number, line_no])), origin: canonicalJson(origin) };
}

/** `origin` is canonical JSON. */
const commitmentOf = (salt: string, origin: string): string => createHmac('sha256', Buffer.from(salt, 'hex')).update(origin).digest('hex');

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');
