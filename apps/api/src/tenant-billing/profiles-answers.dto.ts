import {
  AUTO_MODES,
  type AutoMode,
  type IssuerView,
  type ProfileProblem,
  type ProfileView,
  type TaxId,
  type TaxIdEvidence,
} from '#libs/tenant-billing';
import { ApiCount, ApiEnum, ApiFlag, ApiListOf, ApiObject, ApiText, ApiTime } from '../http/swagger.decorators';

const NULLABLE = { nullable: true } as const;

/** Something that an invoice needs. */
export class ProfileProblemResponse implements ProfileProblem {
  @ApiText('The field that is missing', { example: 'address' })
  readonly field: string;

  @ApiText('What is missing, for people')
  readonly detail: string;
}

/** A tax registration. */
export class TaxIdResponse implements TaxId {
  @ApiText('Name of the registration', { example: 'ABN' })
  readonly kind: string;

  @ApiText('Its number')
  readonly id: string;
}

/** The hosting team as a legal seller. */
export class IssuerResponse implements IssuerView {
  @ApiText('Id', { example: 'default' })
  readonly id: string;

  @ApiText('Legal name', NULLABLE)
  readonly name: string | null;

  @ApiText('Address, with line breaks', NULLABLE)
  readonly address: string | null;

  @ApiText('Country, two letters', NULLABLE)
  readonly country: string | null;

  @ApiListOf(() => TaxIdResponse, 'Tax registrations')
  readonly tax_ids: readonly TaxIdResponse[];

  @ApiText('How to pay, as documents print it', NULLABLE)
  readonly bank_text: string | null;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('Beginning of invoice numbers')
  readonly number_prefix: string;

  @ApiCount('Days after the first reconciled invoice of the provider before drafts are built')
  readonly grace_days: number;

  @ApiCount('Days until an invoice is due')
  readonly net_days: number;

  @ApiFlag('Whether invoices over nothing are issued')
  readonly issue_zero: boolean;

  @ApiFlag('Whether invoice numbers begin anew each year')
  readonly yearly: boolean;

  @ApiText('Time zone of printed dates; all arithmetic is in UTC')
  readonly time_zone: string;

  @ApiText('SHA-256 of the logo that documents print (`GET …/logo`); null for none', NULLABLE)
  readonly logo_sha256: string | null;

  @ApiCount('Rises with every change')
  readonly version: number;

  @ApiListOf(() => ProfileProblemResponse, 'What an invoice needs and the issuer lacks')
  readonly problems: readonly ProfileProblemResponse[];

  @ApiText('Who changed it last; null while it is as installed', NULLABLE)
  readonly changed_by: string | null;

  @ApiTime('Time of the last change')
  readonly changed_at: string;
}

/** The answer of a register about a tax id. */
export class TaxIdEvidenceResponse implements TaxIdEvidence {
  @ApiTime('Time of the check')
  readonly checked_at: string;

  @ApiText('The register that was asked')
  readonly source: string;

  @ApiText('Its answer')
  readonly answer: string;
}

/** A tenant as a legal buyer. */
export class BillingProfileResponse implements ProfileView {
  @ApiText('Tenant')
  readonly tenant_id: string;

  @ApiText('Legal name', NULLABLE)
  readonly legal_name: string | null;

  @ApiText('Address, with line breaks', NULLABLE)
  readonly address: string | null;

  @ApiText('Country, two letters', NULLABLE)
  readonly country: string | null;

  @ApiFlag('Whether the tenant is a business', NULLABLE)
  readonly is_business: boolean | null;

  @ApiText('Tax id', NULLABLE)
  readonly tax_id: string | null;

  @ApiObject(() => TaxIdEvidenceResponse, 'The answer of a register about the tax id', NULLABLE)
  readonly tax_id_evidence: TaxIdEvidenceResponse | null;

  @ApiText('Currency; null: that of the issuer', NULLABLE)
  readonly currency: string | null;

  @ApiCount('Days until an invoice is due; null: those of the issuer', NULLABLE)
  readonly net_days: number | null;

  @ApiText('Language of documents', NULLABLE)
  readonly language: string | null;

  @ApiText('Where documents are sent', NULLABLE)
  readonly email: string | null;

  @ApiText('Purchase order that documents print', NULLABLE)
  readonly purchase_order: string | null;

  @ApiEnum(AUTO_MODES, 'How far a run carries a draft without problems by itself')
  readonly auto: AutoMode;

  @ApiFlag('Nothing is issued to the tenant while it is true')
  readonly paused: boolean;

  @ApiCount('Rises with every change; 0 before its first change')
  readonly version: number;

  @ApiListOf(() => ProfileProblemResponse, 'What an invoice needs and the profile lacks')
  readonly problems: readonly ProfileProblemResponse[];

  @ApiText('Who changed it last', NULLABLE)
  readonly changed_by: string | null;

  @ApiTime('Time of the last change', NULLABLE)
  readonly changed_at: string | null;
}
