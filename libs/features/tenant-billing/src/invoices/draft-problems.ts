import type { Money } from '#libs/kernel';
import { charactersWithoutGlyph } from '../documents/document-font';
import { monthOf } from '../months';
import type { Adjustment, FrozenTax, InvoiceProblem } from '../pricing/invoice.states';
import type { IssuerView, ProfileView } from '../profiles/billing-profiles';
import type { TaxDecision } from '../tax/decide-tax';

/** A rated line, or a correction. */
interface RatedLine {
  readonly description: string;
  readonly resource_name: string | null;
  /** The first day of the month that is corrected. */
  readonly corrects: string | null;
  /** Null: no rate was found. */
  readonly sell: string | null;
}

export interface ProblemInputs {
  readonly tenantId: string;
  readonly issuer: IssuerView;
  readonly profile: ProfileView;
  readonly tax: TaxDecision | FrozenTax;
  readonly lines: readonly RatedLine[];
  readonly adjustments: readonly Adjustment[];
  readonly currency: string;
  readonly total: Money;
  /** False while there is no exchange rate to the currency. */
  readonly isPriceable: boolean;
  /** Whether the promotion wallet lowers the net. */
  readonly hasPromotion: boolean;
}

/** What stops a draft, and what a person should know of it. Pure. */
export function problemsOf(inputs: ProblemInputs): InvoiceProblem[] {
  const { tenantId, issuer, profile, tax, lines, currency, total, isPriceable, hasPromotion } = inputs;
  const tenant = `tenants/${tenantId}`;
  const critical = (code: string, path: string, detail: string): InvoiceProblem => ({ code, severity: 'critical', path, detail });
  const without = lines.filter(({ sell }) => sell === null);
  const foreign = inputs.adjustments.filter((one) => one.currency !== undefined && one.currency !== currency);
  const months = [...new Set(lines.flatMap(({ corrects }) => (corrects === null ? [] : monthOf(corrects))))].sort();
  return [
    ...issuer.problems.map(({ detail }) => critical('issuer_incomplete', `issuers/${issuer.id}`, detail)),
    ...profile.problems.map(({ detail }) => critical('profile_incomplete', tenant, detail)),
    ...(profile.paused
      ? [critical('profile_paused', tenant, 'Nothing is issued to the tenant while its billing profile is paused; set `paused` to false')]
      : []),
    ...(without.length > 0
      ? [
          critical(
            'no_rate',
            tenant,
            `${without.length} lines have no rate: ${named(without)}. Add a rate that applies to them, and rate the month again`,
          ),
        ]
      : []),
    ...(isPriceable
      ? []
      : [critical('no_fx_rate', tenant, `There is no exchange rate to ${currency}; add one with POST /api/v1/billing/fx-rates`)]),
    ...(foreign.length > 0 ? [critical('line_in_other_currency', tenant, otherCurrency(foreign, currency))] : []),
    ...(tax.status === 'undecided' ? tax.problems.map(({ code, detail }) => critical(code, tenant, detail)) : []),
    ...unprintable(inputs).map((detail) => critical('character_not_printable', tenant, detail)),
    ...(total.isNegative()
      ? [critical('negative_total', tenant, 'The total is below zero; credit an earlier invoice, or add a line')]
      : []),
    ...(total.isZero() && !issuer.issue_zero && !hasPromotion
      ? [critical('zero_total', tenant, 'There is nothing to pay; set `issue_zero` of the issuer to issue such invoices')]
      : []),
    ...months.map((month): InvoiceProblem => ({
      code: 'corrects_month',
      severity: 'warning',
      path: tenant,
      detail: `The month ${month} was rated again after its invoice was issued; this draft has the difference`,
    })),
  ];
}

function otherCurrency(foreign: readonly Adjustment[], currency: string): string {
  const texts = foreign.map((one) => `${one.description} (${one.unit_price} ${one.currency ?? ''})`).join(', ');
  return `Lines of your own were added in another currency than ${currency}: ${texts}. Remove each, and add it with its price in ${currency}`;
}

/** What the font of documents cannot show would be missing on paper. */
function unprintable({ issuer, profile, lines, adjustments }: ProblemInputs): string[] {
  const texts = [issuer.name, issuer.address, issuer.bank_text, profile.legal_name, profile.address, profile.purchase_order];
  const names = [...lines, ...adjustments].flatMap((line) => [line.description, 'resource_name' in line ? line.resource_name : null]);
  const characters = charactersWithoutGlyph([...new Set([...texts, ...names])].join('\n'));
  if (characters.length === 0) return [];
  return [`Documents cannot show the characters ${characters.slice(0, 20).join(' ')}; write the names and addresses that have them with other letters`]; // prettier-ignore
}

const named = (lines: readonly RatedLine[]): string =>
  [...new Set(lines.map(({ description }) => description))].sort().slice(0, 5).join(', ');
