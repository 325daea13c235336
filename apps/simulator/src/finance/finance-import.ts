import type { FinanceImport, FinanceLine } from './finance-records';

type Fields = Record<string, unknown>;

const TEXTS: Record<string, RegExp> = {
  source: /./,
  external_id: /./,
  invoice_number: /./,
  period: /^\d{4}-(0[1-9]|1[0-2])$/,
  issued_on: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  currency: /^[A-Z]{3}$/,
};

/** The body of an import, or what is wrong with it: every amount is checked against the others, to the cent. */
export function readFinanceImport(body: Fields): { read: FinanceImport } | { problem: string } {
  for (const [name, form] of Object.entries(TEXTS)) {
    const value = body[name];
    if (typeof value !== 'string' || !form.test(value)) return { problem: `${name} is missing or wrong` };
  }
  const vendor = body.vendor as FinanceImport['vendor'] | null | undefined;
  if (typeof vendor?.name !== 'string' || vendor.name === '') return { problem: 'vendor.name is missing' };
  if (typeof vendor.category !== 'string' || vendor.category === '') return { problem: 'vendor.category is missing' };
  const problem = amountProblem(body) ?? linesProblem(body);
  return problem === undefined ? { read: body as unknown as FinanceImport } : { problem };
}

function amountProblem(body: Fields): string | undefined {
  const names = ['amount_net_minor', 'amount_tax_minor', 'amount_gross_minor'];
  const wrong = names.find((name) => !Number.isSafeInteger(body[name]));
  if (wrong !== undefined) return `${wrong} must be an integer`;
  const [net, tax, gross] = names.map((name) => Number(body[name]));
  return Number(net) + Number(tax) === gross ? undefined : `amount_net_minor + amount_tax_minor is not amount_gross_minor`;
}

function linesProblem({ lines, amount_tax_minor: tax, amount_gross_minor: gross }: Fields): string | undefined {
  if (!Array.isArray(lines)) return 'lines must be a list';
  const wrong = lines.findIndex((line) => !isLine(line));
  if (wrong >= 0) return `lines[${wrong}] needs description and amount_minor, an integer`;
  const sum = (some: FinanceLine[]): number => some.reduce((total, { amount_minor }) => total + amount_minor, 0);
  const read = lines as FinanceLine[];
  if (sum(read) !== gross) return `the lines come to ${sum(read)}, not to amount_gross_minor`;
  const taxes = read.filter(({ is_tax }) => is_tax === true);
  return taxes.length === 0 || sum(taxes) === tax ? undefined : `the tax lines come to ${sum(taxes)}, not to amount_tax_minor`;
}

function isLine(line: unknown): line is FinanceLine {
  if (typeof line !== 'object' || line === null) return false;
  const { description, amount_minor, is_tax } = line as Fields;
  return typeof description === 'string' && Number.isSafeInteger(amount_minor) && (is_tax === undefined || typeof is_tax === 'boolean');
}
