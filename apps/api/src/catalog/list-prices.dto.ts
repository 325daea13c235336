import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import type { ListPriceChange, ListPriceView, PriceSource } from '#libs/catalog';
import { LIST_PRODUCTS } from '#libs/inventory';
import { ApiEnum, ApiInput, ApiText, ApiTime } from '../http/swagger.decorators';
import { IsNotBlank, IsOneOf, IsTimestamp } from '../http/input.decorators';
import { PageQuery, RequiredReasonBody } from '../http/http.dto';

const SOURCES = ['catalog', 'observed', 'configured'];

export class ListPricesQuery extends PageQuery {
  @ApiInput('Product', { example: 'volume' })
  @IsOptional()
  @Matches(LIST_PRODUCTS, { message: '$property must be a product such as volume, snapshot or droplet:s-1vcpu-1gb' })
  readonly product?: string;

  @ApiInput('Where the price comes from')
  @IsOptional()
  @IsOneOf(SOURCES)
  readonly source?: string;

  @ApiInput('`true`: also prices that a later one has replaced')
  @IsOptional()
  @IsOneOf(['true'])
  readonly history?: string;
}

/** The price of one unit of a product. */
export class ListPriceResponse implements ListPriceView {
  @ApiText(
    'Product: a kind such as volume, with its size where it has several prices, such as droplet:<size>; or backups:weekly, backups:daily',
    { example: 'volume' },
  )
  readonly product: string;

  @ApiEnum(SOURCES, 'Where the price comes from. The catalog counts before invoices, and those before the configured list')
  readonly source: PriceSource;

  @ApiTime('From when on it counts')
  readonly valid_from: string;

  @ApiText('Amount of one unit, decimal text', { example: '0.10' })
  readonly amount: string;

  @ApiEnum(
    ['month', 'gib_month', 'node_month', 'percent'],
    'The unit: a month of a machine or address, of a GiB, of a node, or percent of a droplet',
  )
  readonly unit: ListPriceView['unit'];

  @ApiText('Amount of an hour, where the provider states it', { nullable: true, example: '0.00893' })
  readonly hourly: string | null;

  @ApiText('Smallest monthly amount of a resource', { nullable: true, example: '0.01' })
  readonly minimum: string | null;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('Where the amount was read, for people', { example: 'price list of December 2026' })
  readonly origin: string;

  @ApiTime('When the amount was read, learned or set')
  readonly as_of: string;

  @ApiText('The admin who set it', { nullable: true })
  readonly changed_by: string | null;
}

const AMOUNT = /^\d{1,12}(\.\d{1,10})?$/;
const AMOUNT_TEXT = { message: '$property must be decimal text such as 0.10' };

class ListPriceInput implements ListPriceChange {
  @ApiInput('Product', { example: 'volume' })
  @Matches(LIST_PRODUCTS, { message: '$property must be a product such as volume, snapshot or droplet:s-1vcpu-1gb' })
  readonly product: string;

  @ApiInput('Amount of one unit, or percent for backups; decimal text', { example: '0.10' })
  @Matches(AMOUNT, AMOUNT_TEXT)
  readonly amount: string;

  @ApiInput('Smallest monthly amount of a resource; decimal text', { example: '0.01' })
  @IsOptional()
  @Matches(AMOUNT, AMOUNT_TEXT)
  readonly minimum?: string;

  @ApiInput('Where the amount was read', { example: 'price list of December 2026' })
  @MaxLength(200)
  @IsNotBlank()
  readonly origin: string;

  @ApiInput('From when on it counts; now unless given')
  @IsOptional()
  @IsTimestamp()
  readonly valid_from?: string;
}

/** New prices. A product that is not named keeps its price; earlier prices stay for earlier times. */
export class ListPricesBody extends RequiredReasonBody {
  @ApiInput('The prices to set', {
    of: () => ListPriceInput,
    example: [{ product: 'volume', amount: '0.10', origin: 'price list of December 2026' }],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => ListPriceInput)
  readonly prices: readonly ListPriceInput[];
}
