import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { SIZE_SORTS, type ListPrice, type RegionView, type SizeFilters, type SizeSort, type SizeView } from '#libs/catalog';
import { IsKnown, IsOneOf } from '../http/input.decorators';
import { PageQuery } from '../http/http.dto';
import { ApiCount, ApiEnum, ApiFlag, ApiInput, ApiObject, ApiText, ApiTexts, ApiTime, ApiUuid, ApiWhole } from '../http/swagger.decorators';

const MOST = 1_000_000_000;
const asNumber = ({ value }: { readonly value: unknown }): unknown =>
  typeof value === 'string' && /^(0|[1-9]\d{0,9})$/.test(value) ? Number(value) : value;

/** Filters of the list of sizes. A size must match all that are given. */
export class SizesQuery extends PageQuery {
  @ApiInput('Only sizes that can be ordered in this region', { example: 'fra1' })
  @IsOptional()
  @IsKnown('region')
  readonly region?: string;

  @ApiInput('The beginning of the slug: `s` shared, `c` and `c2` fast processors, `g` general, `m` memory, …', { example: 's' })
  @IsOptional()
  @IsKnown('size_family')
  readonly family?: string;

  @ApiInput('The smallest number of processors', { example: 2 })
  @IsOptional()
  @Transform(asNumber)
  @IsInt()
  @Min(0)
  @Max(MOST)
  readonly min_vcpus?: number;

  @ApiInput('The smallest memory in MiB', { example: 4096 })
  @IsOptional()
  @Transform(asNumber)
  @IsInt()
  @Min(0)
  @Max(MOST)
  readonly min_memory_mib?: number;

  @ApiInput('The highest list price of a month, US dollars as decimal text', { example: '48.00' })
  @IsOptional()
  @Matches(/^\d{1,9}(\.\d{1,10})?$/, { message: '$property must be an amount such as 48.00' })
  readonly max_monthly?: string;

  @ApiInput('Order of the rows; a minus reverses it. By slug unless given; sizes without a price come last')
  @IsOptional()
  @IsOneOf(SIZE_SORTS)
  readonly sort?: SizeSort;

  toFilters(): SizeFilters {
    const { region, family, min_vcpus, min_memory_mib, max_monthly, sort } = this;
    return { region, family, min_vcpus, min_memory_mib, max_monthly, sort };
  }
}

export class ImagesQuery extends PageQuery {
  @ApiInput('Part of the slug, name or id; letter case does not matter', { example: 'ubuntu' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;
}

class BackupPriceResponse {
  @ApiEnum(['weekly', 'daily'], 'How often the droplet is backed up')
  readonly plan: 'weekly' | 'daily';

  @ApiText('Amount of an hour', { example: '0.0012' })
  readonly hourly: string;

  @ApiText('Amount of a month', { example: '0.80' })
  readonly monthly: string;
}

/** The provider's public list price. */
class SizePriceResponse implements ListPrice {
  @ApiText('Amount of an hour', { example: '0.00595' })
  readonly hourly: string;

  @ApiText('The cap of a month', { example: '4.00' })
  readonly monthly: string;

  @ApiText('Currency of the amounts', { example: 'USD' })
  readonly currency: string;

  @ApiEnum(
    ['catalog', 'observed', 'configured', 'rate_card'],
    'Where the amount comes from; `rate_card`: the price of the tenant that asks',
  )
  readonly source: ListPrice['source'];

  @ApiTime('When the amount was read or configured')
  readonly as_of: string;

  @ApiText('What else decides the price', { nullable: true })
  readonly note: string | null;

  @ApiObject(() => BackupPriceResponse, 'Always null here: backups are ordered beside the size', { nullable: true })
  readonly backups: BackupPriceResponse | null;
}

/** A droplet size of the provider. */
export class SizeResponse implements SizeView {
  @ApiText('The value of `size_slug` in an order', { example: 's-1vcpu-1gb' })
  readonly slug: string;

  @ApiText('The beginning of the slug', { example: 's' })
  readonly family: string;

  @ApiWhole('Processors', { example: 1 })
  readonly vcpus: number;

  @ApiWhole('Memory in MiB', { example: 1024 })
  readonly memory_mib: number;

  @ApiWhole('Disk in GiB', { example: 25 })
  readonly disk_gib: number;

  @ApiTexts('Slugs of the regions that offer the size')
  readonly regions: readonly string[];

  @ApiFlag('Whether the provider takes orders of the size now')
  readonly available: boolean;

  @ApiObject(() => SizePriceResponse, 'List price; null where no price is known', { nullable: true })
  readonly price: SizePriceResponse | null;

  @ApiFlag('For a tenant only: whether its limits allow the size', { optional: true })
  readonly allowed?: boolean;
}

/** A region of the provider. */
export class RegionResponse implements RegionView {
  @ApiText('The value of `region` in an order', { example: 'fra1' })
  readonly slug: string;

  @ApiText('Name for people', { example: 'Frankfurt 1' })
  readonly name: string;

  @ApiFlag('Whether new droplets can be ordered there now')
  readonly available: boolean;

  @ApiFlag('For a tenant only: whether its limits allow the region', { optional: true })
  readonly allowed?: boolean;
}

/** An image from which a droplet can be ordered. */
export class ImageResponse {
  @ApiText('The value of `image` in an order: a slug, or the id of a snapshot, backup or custom image', { example: 'ubuntu-24-04-x64' })
  readonly image: string;

  @ApiEnum(['public', 'snapshot', 'backup', 'custom'], 'Public image of the provider, or own snapshot, backup or uploaded image')
  readonly type: 'public' | 'snapshot' | 'backup' | 'custom';

  @ApiText('Name for people', { nullable: true, example: '24.04 (LTS) x64' })
  readonly name: string | null;

  @ApiCount('The smallest disk in GiB that takes the image; 0 when unknown')
  readonly min_disk_gib: number;

  @ApiTexts('Slugs of the regions that have the image')
  readonly regions: readonly string[];

  @ApiFlag('Whether the provider takes orders of the image now')
  readonly available: boolean;

  @ApiUuid('Id of the snapshot, backup or custom image in the inventory; null for a public image', { nullable: true })
  readonly resource_id: string | null;

  @ApiTime('When the snapshot, backup or custom image was made', { nullable: true })
  readonly created_at: string | null;
}
