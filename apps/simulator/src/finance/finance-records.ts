/** A vendor in the books of one tenant of the finance service. */
export interface FinanceVendor {
  id: string;
  tenant_id: string;
  name: string;
  category: string;
}

export interface FinanceLine {
  description: string;
  amount_minor: number;
  is_tax?: boolean;
  [more: string]: unknown;
}

/** What an import says. Money in minor units. */
export interface FinanceImport {
  source: string;
  external_id: string;
  vendor: { name: string; category: string };
  invoice_number: string;
  period: string;
  issued_on: string;
  currency: string;
  amount_net_minor: number;
  amount_tax_minor: number;
  amount_gross_minor: number;
  lines: FinanceLine[];
}

/** An invoice in the books: one for each (tenant_id, source, external_id). */
export interface FinanceInvoice extends FinanceImport {
  id: string;
  tenant_id: string;
  vendor_id: string;
  created_at: string;
  updated_at: string;
  /** How many imports took effect. */
  pushes: number;
}

/** What an import is recognised by. */
export const importKey = (record: { tenant_id: string; source: string; external_id: string }): string =>
  JSON.stringify([record.tenant_id, record.source, record.external_id]);

export const vendorKey = ({ tenant_id, name }: { tenant_id: string; name: string }): string => JSON.stringify([tenant_id, name]);
