import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Money } from '#libs/kernel';
import {
  DUNNING_ACTIONS,
  LOT_SOURCES,
  PAYMENT_KINDS,
  WALLET_KINDS,
  type DunningAction,
  type DunningStep,
  type LotSource,
  type NewCreditNote,
  type NewPayment,
  type PaymentKind,
  type WalletGrant,
  type WalletKind,
} from '#libs/tenant-billing';
import { ReasonBody, RequiredReasonBody } from '../http/http.dto';
import { IsDay, IsNotBlank, IsOneOf, IsTimestamp } from '../http/input.decorators';
import { ApiInput } from '../http/swagger.decorators';
import { CURRENCY, CURRENCY_TEXT } from './money-queries.dto';

const AMOUNT = /^\d{1,12}(\.\d{1,4})?$/;
const AMOUNT_TEXT = { message: '$property must be an amount as decimal text, such as 120.00' };
const SIGNED_AMOUNT = /^-?\d{1,12}(\.\d{1,4})?$/;
const MOST_LINES = 1_000;
const MOST_STEPS = 20;

/** The fields of a change of an invoice that is based on a version of it. */
const ApiVersionInput = () => ApiInput('The `version` of the invoice that the change is based on', { example: 4 });

export class PaymentBody extends ReasonBody {
  @ApiVersionInput()
  @IsInt()
  @Min(1)
  readonly expected_version: number;

  @ApiInput('`received`: the tenant paid; `refunded`: you paid back; `reversed`: the bank took it back', { example: 'received' })
  @IsOneOf(PAYMENT_KINDS)
  readonly kind: string;

  @ApiInput('Amount in the currency of the invoice', { example: '120.00' })
  @Matches(AMOUNT, AMOUNT_TEXT)
  readonly amount: string;

  @ApiInput('Reference of the bank or the payment service; unique', { example: 'BANK-2026-118' })
  @MaxLength(200)
  @IsNotBlank()
  readonly reference: string;

  @ApiInput('The day', { example: '2026-11-30' })
  @IsDay()
  readonly received_on: string;

  @ApiInput('For `refunded` and `reversed`: the received payment that is returned')
  @IsOptional()
  @IsUUID()
  readonly payment_id?: string;

  toPayment(): NewPayment {
    const { kind, amount, reference, received_on, payment_id = null } = this;
    return { kind: kind as PaymentKind, amount, reference, received_on, payment_id };
  }
}

class CreditLineInput {
  @ApiInput('Number of the line of the invoice', { example: 1 })
  @IsInt()
  @Min(1)
  readonly line_no: number;

  @ApiInput('Net to credit, with the sign of the line', { example: '12.00' })
  @Matches(SIGNED_AMOUNT, AMOUNT_TEXT)
  readonly net: string;
}

class CreditRestInput {
  @ApiInput('To be paid back', { default: '0' })
  @Matches(AMOUNT, AMOUNT_TEXT)
  readonly refund: string = '0';

  @ApiInput('Into the money wallet of the tenant', { default: '0' })
  @Matches(AMOUNT, AMOUNT_TEXT)
  readonly wallet: string = '0';

  @ApiInput('Settled elsewhere', { default: '0' })
  @Matches(AMOUNT, AMOUNT_TEXT)
  readonly out_of_band: string = '0';
}

export class CreditNoteBody extends RequiredReasonBody {
  @ApiVersionInput()
  @IsInt()
  @Min(1)
  readonly expected_version: number;

  @ApiInput('Lines of the invoice, each with what is credited of it', {
    of: () => CreditLineInput,
    example: [{ line_no: 1, net: '12.00' }],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_LINES)
  @ArrayUnique((line: unknown) => (line as CreditLineInput | null)?.line_no)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => CreditLineInput)
  readonly lines: readonly CreditLineInput[];

  @ApiInput('Where the part goes by which the total is more than is due; it must add up to that part exactly', {
    of: () => CreditRestInput,
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CreditRestInput)
  readonly rest?: CreditRestInput;

  toCredit(): NewCreditNote {
    const { refund = '0', wallet = '0', out_of_band = '0' } = this.rest ?? {};
    const rest = { refund: Money.parse(refund), wallet: Money.parse(wallet), out_of_band: Money.parse(out_of_band) };
    return { lines: this.lines.map(({ line_no, net }) => ({ line_no, net: Money.parse(net) })), rest };
  }
}

export class WriteOffBody extends RequiredReasonBody {
  @ApiVersionInput()
  @IsInt()
  @Min(1)
  readonly expected_version: number;
}

export class WalletGrantBody extends RequiredReasonBody {
  @ApiInput('`money` pays what is due, after tax; `promotion` lowers the net of an invoice, before tax', { example: 'promotion' })
  @IsOneOf(WALLET_KINDS)
  readonly kind: string;

  @ApiInput('Whether it is given or was paid for; granted amounts are used first', { default: 'granted' })
  @IsOneOf(LOT_SOURCES)
  readonly source: string = 'granted';

  @ApiInput('Amount above 0', { example: '50.00' })
  @Matches(/^(?!0+(\.0+)?$)\d{1,12}(\.\d{1,4})?$/, AMOUNT_TEXT)
  readonly amount: string;

  @ApiInput('Currency; it counts for invoices in it', { default: 'USD' })
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency: string = 'USD';

  @ApiInput('From then on it is not used; what expires first is used first', { example: '2027-12-31T00:00:00Z' })
  @IsOptional()
  @IsTimestamp()
  readonly expires_at?: string;

  toGrant(): WalletGrant {
    const { amount, currency, expires_at = null, reason } = this;
    return { kind: this.kind as WalletKind, source: this.source as LotSource, amount, currency, expires_at, reason };
  }
}

class DunningStepInput {
  @ApiInput('Days after the due date', { example: 3 })
  @IsInt()
  @Min(0)
  @Max(365)
  readonly after_days: number;

  @ApiInput('What happens', { example: 'remind' })
  @IsOneOf(DUNNING_ACTIONS)
  readonly action: string;
}

export class DunningPolicyBody extends ReasonBody {
  @ApiInput('The `version` that the change is based on; 0 as installed', { example: 0 })
  @IsInt()
  @Min(0)
  readonly expected_version: number;

  @ApiInput('The whole set of steps. An empty list: no reminders are sent', {
    of: () => DunningStepInput,
    example: [{ after_days: 3, action: 'remind' }],
  })
  @IsArray()
  @ArrayMaxSize(MOST_STEPS)
  @ArrayUnique((step: unknown) => JSON.stringify(step))
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => DunningStepInput)
  readonly steps: readonly DunningStepInput[];

  toSteps(): DunningStep[] {
    return this.steps.map(({ after_days, action }) => ({ after_days, action: action as DunningAction }));
  }
}
