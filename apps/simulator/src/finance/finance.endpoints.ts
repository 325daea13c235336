import { createHmac } from 'node:crypto';
import { type Answer, type EndpointGroup, ok, ProviderRefusal, type ProviderRequest, type RefusalId } from '../http/route';
import { type FinanceImport, type FinanceLine, type FinanceVendor, importKey, vendorKey } from '../world/billing-records';
import type { World } from '../world/world';

/** Paths below this prefix belong to the finance service, which has separate tokens and no rate window. */
export const FINANCE_PREFIX = '/finance/';

/** The finance service: one invoice or document for each (tenant_id, source, external_id), however often it is sent. */
export const financeEndpoints: EndpointGroup = {
  routes: [
    { method: 'POST', path: `${FINANCE_PREFIX}api/v1/integrations/cloud/import-invoice`, handle: importInvoice },
    { method: 'POST', path: `${FINANCE_PREFIX}api/v1/integrations/cloud/tenant-invoice`, handle: recordDocument },
  ],
};

function importInvoice(world: World, request: ProviderRequest): Answer {
  const { tenantId, body } = admitted(world, request);
  const given = readFinanceImport(body);
  if ('problem' in given) throw refusal('unprocessable_entity', given.problem);
  return record(world, tenantId, given.read);
}

/** A document that was issued to a tenant, or a payment of one. Sending it again changes nothing. */
function recordDocument(world: World, request: ProviderRequest): Answer {
  const { tenantId: tenant_id, body } = admitted(world, request);
  const { source, external_id, event, tenant_id: customer_id, number, document, payment } = body;
  const texts = { source, external_id, event, customer_id, number };
  const missing = Object.entries(texts).find(([, value]) => typeof value !== 'string' || value === '');
  if (missing) throw refusal('unprocessable_entity', `${missing[0]} is missing or wrong`);
  const content = event === 'payment.recorded' ? payment : document;
  if (typeof content !== 'object' || content === null) throw refusal('unprocessable_entity', 'document or payment is missing');
  const { total, amount, currency } = content as Fields;
  const sum = event === 'payment.recorded' ? amount : total;
  if (typeof sum !== 'string' || typeof currency !== 'string') throw refusal('unprocessable_entity', 'it has no amount');
  const { finance_documents: documents } = world.collections;
  const key = { tenant_id, source: String(source), external_id: String(external_id) };
  const before = documents.get(importKey(key));
  const stored = documents.put({
    ...key,
    id: before?.id ?? world.random.uuid(),
    event: String(event),
    customer_id: String(customer_id),
    number: String(number),
    total: sum,
    currency,
    document: content as Fields,
    pushes: (before?.pushes ?? 0) + 1,
  });
  return ok({ action: before ? 'updated' : 'created', document: { id: stored.id } }, before ? 200 : 201);
}

/** The tenant of the token and the body. Throws `ProviderRefusal`. */
function admitted(world: World, { token: given, body, receivedAtMs }: ProviderRequest): { tenantId: string; body: Fields } {
  const token = readFinanceToken(given, world.value('settings').finance_secret ?? null, receivedAtMs);
  if ('problem' in token) throw refusal('unauthorized', token.problem);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refusal('bad_request', 'the body is not a JSON object');
  return { tenantId: token.tenantId, body: body as Fields };
}

function record(world: World, tenant_id: string, given: FinanceImport): Answer {
  const { finance_invoices: invoices } = world.collections;
  const before = invoices.get(importKey({ tenant_id, source: given.source, external_id: given.external_id }));
  const invoice = invoices.put({
    ...given,
    id: before?.id ?? world.random.uuid(),
    tenant_id,
    vendor_id: vendorOf(world, tenant_id, given.vendor).id,
    created_at: before?.created_at ?? world.now,
    updated_at: world.now,
    pushes: (before?.pushes ?? 0) + 1,
  });
  return ok({ action: before === undefined ? 'created' : 'updated', invoice: { id: invoice.id } }, before === undefined ? 201 : 200);
}

function vendorOf({ collections, random }: World, tenant_id: string, { name, category }: FinanceImport['vendor']): FinanceVendor {
  const { finance_vendors: vendors } = collections;
  return vendors.get(vendorKey({ tenant_id, name })) ?? vendors.put({ id: random.uuid(), tenant_id, name, category });
}

function refusal(error: RefusalId, message: string): ProviderRefusal {
  return new ProviderRefusal(error, message, { error, message });
}

type Fields = Record<string, unknown>;

const AUDIENCE = 'skyai-finance';
const LONGEST_VALIDITY_S = 60;

/** The tenant of a token, or the problem with it. Without a secret the signature is not checked. */
function readFinanceToken(token: string, secret: string | null, nowMs: number): { tenantId: string } | { problem: string } {
  const [head = '', payload = '', signature = '', ...rest] = token.split('.');
  const header = decode(head);
  const claims = decode(payload);
  if (header === undefined || claims === undefined || rest.length > 0) return { problem: 'the token is not a JWT' };
  if (header.alg !== 'HS512') return { problem: 'the token is not signed with HS512' };
  if (secret !== null && createHmac('sha512', secret).update(`${head}.${payload}`).digest('base64url') !== signature)
    return { problem: 'the signature is wrong' };
  const problem = problemOf(claims, nowMs);
  return problem === undefined ? { tenantId: String(claims.tenant_id) } : { problem };
}

function problemOf({ aud, exp, iat, roles, tenant_id }: Fields, nowMs: number): string | undefined {
  if (aud !== AUDIENCE && !(Array.isArray(aud) && aud.includes(AUDIENCE))) return `aud is not ${AUDIENCE}`;
  if (typeof exp !== 'number' || exp * 1000 <= nowMs) return 'the token has expired';
  if (typeof iat !== 'number' || exp - iat > LONGEST_VALIDITY_S) return `the token lives longer than ${LONGEST_VALIDITY_S} s`;
  if (!Array.isArray(roles) || !roles.includes('admin')) return 'roles do not include admin';
  return typeof tenant_id === 'string' && tenant_id !== '' ? undefined : 'tenant_id is missing';
}

function decode(part: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

const TEXTS: Record<string, RegExp> = {
  source: /./,
  external_id: /./,
  invoice_number: /./,
  period: /^\d{4}-(0[1-9]|1[0-2])$/,
  issued_on: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  currency: /^[A-Z]{3}$/,
};

/** The body of an import, or the problem with it. Every amount is checked against the others, to the cent. */
function readFinanceImport(body: Fields): { read: FinanceImport } | { problem: string } {
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
