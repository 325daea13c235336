import type { Money } from '#libs/kernel';
import type { PoolName } from './pools';

/** Where each amount of the provider ends up. `terms`: lines of monthly terms, which no amount of the provider stands behind. */
export const BUCKETS = ['tenant_direct', 'tenant_shared', 'house', 'unattributed', 'tax_kept', 'credits_kept', 'terms'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** How a line came to be, for admins. */
export interface LineExplanation {
  /** The provider's invoice and the number of its line. */
  readonly provider_line?: { readonly invoice: string; readonly line_no: number };
  /** Why the tenant has it: the owner of the resource over time, or of the project. */
  readonly owner_rule?: string;
  /** The seconds of the line that are the tenant's, of all. */
  readonly seconds?: { readonly of_owner: number; readonly of_line: number };
  readonly pool?: {
    readonly name: PoolName;
    readonly method: string;
    readonly amount: string;
    readonly weight: string;
    readonly of: string;
  };
  readonly rate?: RateExplanation;
}

export interface RateExplanation {
  /** `override:resource`, `override:tenant`, or the card with its version. */
  readonly layer: string;
  readonly id: string;
  readonly model: string;
}

/** A new line, without its number. */
export interface NewRatedLine {
  readonly tenantId: string | null;
  readonly bucket: Bucket;
  readonly lineKind: string;
  readonly product: string;
  readonly description: string;
  readonly resourceId: string | null;
  readonly resourceName: string | null;
  readonly projectName: string | null;
  readonly region: string | null;
  readonly quantity: Money | null;
  readonly unit: string;
  readonly buy: Money;
  readonly sell: Money | null;
  readonly explanation: LineExplanation;
}
