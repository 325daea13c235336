import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { LIMIT_NAMES, type LimitName, type Limits, type TenantLimitsView } from '#libs/tenants';
import { ReasonBody } from '../http/http.dto';
import { OrNull } from '../http/input.decorators';
import { ApiCount, ApiEnumList, ApiFlag, ApiInput, ApiText, ApiTextList, ApiTime } from '../http/swagger.decorators';

const MOST = 1_000_000;
const AMOUNT = /^(0|[1-9]\d{0,8})(\.\d{1,2})?$/;
const PATTERN = /^[a-z0-9*._-]{1,64}$/;
const NULLABLE = { nullable: true } as const;

const IsLimit = (): PropertyDecorator => (target, key) => {
  for (const decorate of [IsOptional(), OrNull(), IsInt(), Min(0), Max(MOST)]) decorate(target, key);
};
const IsAmount = (): PropertyDecorator => (target, key) => {
  const message = '$property must be a price such as 200.00, as text';
  for (const decorate of [IsOptional(), OrNull(), Matches(AMOUNT, { message })]) decorate(target, key);
};
const ArePatterns = (): PropertyDecorator => (target, key) => {
  const message = '$property must be slugs, in which * is any text';
  for (const decorate of [IsOptional(), OrNull(), IsArray(), ArrayMaxSize(100), Matches(PATTERN, { each: true, message })])
    decorate(target, key);
};

/** The whole set of limits. Null means no limit; what is left out is as in the row `default`. */
export class LimitsBody extends ReasonBody {
  @ApiInput('Droplets, switched off ones included', { example: 20 })
  @IsLimit()
  readonly max_droplets?: number | null;

  @ApiInput('Virtual CPUs of all droplets together', { example: 64 })
  @IsLimit()
  readonly max_vcpus?: number | null;

  @ApiInput('GiB of all volumes together', { example: 2000 })
  @IsLimit()
  readonly max_volume_gib?: number | null;

  @ApiInput('Snapshots of droplets and volumes', { example: 100 })
  @IsLimit()
  readonly max_snapshots?: number | null;

  @ApiInput('US dollars a month at list prices for all that the tenant has', { example: '1000.00' })
  @IsAmount()
  readonly max_monthly_cost?: string | null;

  @ApiInput('Sizes that may be ordered; `*` is any text', { example: ['s-*', 'c-*'] })
  @ArePatterns()
  readonly allowed_sizes?: string[] | null;

  @ApiInput('Regions in which may be ordered; `*` is any text', { example: ['fra1', 'ams3'] })
  @ArePatterns()
  readonly allowed_regions?: string[] | null;

  @ApiInput('A start that adds more than this a month, at list prices, awaits approval', { example: '200.00' })
  @IsAmount()
  readonly approval_over_monthly?: string | null;

  @ApiInput('Destroys that may start within an hour', { example: 10 })
  @IsLimit()
  readonly max_destroys_per_hour?: number | null;

  @ApiInput('Two living droplets of the tenant may not have one name; null is the same as false', { example: false })
  @IsOptional()
  @OrNull()
  @Transform(({ value }: { value: unknown }) => (value === null ? false : value))
  @IsBoolean()
  readonly unique_names?: boolean;

  @ApiInput('Open sagas that the tenant itself started', { example: 50 })
  @IsLimit()
  readonly open_sagas?: number | null;

  toLimits(): Partial<Limits> {
    const given = LIMIT_NAMES.map((name) => [name, this[name]] as const).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as Partial<Limits>;
  }
}

/** The limits that apply to a tenant. */
export class LimitSetResponse implements Limits {
  @ApiCount('Droplets, switched off ones included; null: no limit', NULLABLE)
  readonly max_droplets: number | null;

  @ApiCount('Virtual CPUs of all droplets together; null: no limit', NULLABLE)
  readonly max_vcpus: number | null;

  @ApiCount('GiB of all volumes together; null: no limit', NULLABLE)
  readonly max_volume_gib: number | null;

  @ApiCount('Snapshots of droplets and volumes; null: no limit', NULLABLE)
  readonly max_snapshots: number | null;

  @ApiText('US dollars a month at list prices; null: no limit', { ...NULLABLE, example: '1000.00' })
  readonly max_monthly_cost: string | null;

  @ApiTextList('Sizes that may be ordered, `*` is any text; null: all', NULLABLE)
  readonly allowed_sizes: readonly string[] | null;

  @ApiTextList('Regions in which may be ordered, `*` is any text; null: all', NULLABLE)
  readonly allowed_regions: readonly string[] | null;

  @ApiText('A start that adds more US dollars a month awaits approval; null: none does', { ...NULLABLE, example: '200.00' })
  readonly approval_over_monthly: string | null;

  @ApiCount('Destroys that may start within an hour; null: no limit', NULLABLE)
  readonly max_destroys_per_hour: number | null;

  @ApiFlag('Two living droplets of the tenant may not have one name')
  readonly unique_names: boolean;

  @ApiCount('Open sagas that the tenant itself started; null: no limit', NULLABLE)
  readonly open_sagas: number | null;
}

/** The limits that apply to a tenant. */
export class LimitsResponse extends LimitSetResponse implements TenantLimitsView {
  @ApiEnumList(LIMIT_NAMES, 'Limits of the row `default` that the tenant follows, also when they change')
  readonly inherited: readonly LimitName[];

  @ApiText('Who changed the limits last; null while they are as installed', NULLABLE)
  readonly changed_by: string | null;

  @ApiTime('Time of the last change', NULLABLE)
  readonly changed_at: string | null;
}
