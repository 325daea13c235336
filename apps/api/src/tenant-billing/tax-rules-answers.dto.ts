import {
  TAX_CATEGORIES,
  TAX_ID_STATES,
  TAX_PLACES,
  type TaxCategory,
  type TaxIdState,
  type TaxPlace,
  type TaxRuleView,
  type TaxWhen,
} from '#libs/tenant-billing';
import {
  ApiCount,
  ApiEnum,
  ApiEnumList,
  ApiFlag,
  ApiObject,
  ApiText,
  ApiTexts,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';
import { TaxIdEvidenceResponse } from './profiles-answers.dto';

const NULLABLE = { nullable: true } as const;

/** What must be true of a customer. */
export class TaxWhenResponse implements TaxWhen {
  @ApiEnum(TAX_PLACES, 'Where the customer is, seen from the issuer', { optional: true })
  readonly place?: TaxPlace;

  @ApiTexts('Countries of the customer')
  readonly countries?: readonly string[];

  @ApiFlag('Whether the customer is a business', { optional: true })
  readonly is_business?: boolean;

  @ApiEnumList(TAX_ID_STATES, 'States of its tax id')
  readonly tax_id?: readonly TaxIdState[];
}

/** A tax rule. */
export class TaxRuleResponse implements TaxRuleView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('The issuer', { example: 'default' })
  readonly issuer_id: string;

  @ApiText('The tenant that it is an exception for', NULLABLE)
  readonly tenant_id: string | null;

  @ApiWhole('The highest one that matches counts')
  readonly priority: number;

  @ApiObject(() => TaxWhenResponse, 'What must be true of the customer')
  readonly when: TaxWhenResponse;

  @ApiEnum(TAX_CATEGORIES, 'Category after EN 16931: S standard, Z zero, E exempt, AE reverse charge, O outside the scope, G export')
  readonly category: TaxCategory;

  @ApiText('Percent', { example: '19' })
  readonly rate: string;

  @ApiText('Name of the tax, as documents print it', { example: 'VAT 19 %' })
  readonly label: string;

  @ApiText('Words that the law asks for', NULLABLE)
  readonly text: string | null;

  @ApiText('Title of the document', { example: 'Tax invoice' })
  readonly title: string;

  @ApiText('Kind of the tax registration that the issuer must have', NULLABLE)
  readonly issuer_tax_id: string | null;

  @ApiFlag('Whether the document needs the tax id of the customer')
  readonly customer_tax_id: boolean;

  @ApiObject(() => TaxIdEvidenceResponse, 'What the exception of a tenant is based on', NULLABLE)
  readonly evidence: TaxIdEvidenceResponse | null;

  @ApiFlag('Whether the rule counts')
  readonly active: boolean;

  @ApiText('The shipped set that it came from', NULLABLE)
  readonly origin: string | null;

  @ApiCount('Rises with every change')
  readonly version: number;

  @ApiText('Who changed it last')
  readonly changed_by: string;

  @ApiTime('Time of the last change')
  readonly changed_at: string;
}
