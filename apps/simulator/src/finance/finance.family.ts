import { ok, type Answer } from '../http/answer';
import { ProviderRefusal, type RefusalId } from '../http/provider-refusal';
import type { Family, ProviderRequest } from '../http/route';
import type { World } from '../world/world';
import { readFinanceImport } from './finance-import';
import { importKey, vendorKey, type FinanceImport, type FinanceVendor } from './finance-records';
import { readFinanceToken } from './finance-token';

/** Everything below is the finance service's, not the provider's: tokens of its own, no rate window. */
export const FINANCE_PREFIX = '/finance/';

/** The books: one invoice for each (tenant_id, source, external_id), however often it is imported. */
export const financeFamily: Family = {
  routes: [{ method: 'POST', path: `${FINANCE_PREFIX}api/v1/integrations/cloud/import-invoice`, handle: importInvoice }],
};

function importInvoice(world: World, request: ProviderRequest): Answer {
  const token = readFinanceToken(request.token, world.value('settings').finance_secret ?? null, request.receivedAtMs);
  if ('problem' in token) throw refusal('unauthorized', token.problem);
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refusal('bad_request', 'the body is not a JSON object');
  const given = readFinanceImport(body as Record<string, unknown>);
  if ('problem' in given) throw refusal('unprocessable_entity', given.problem);
  return record(world, token.tenantId, given.read);
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
