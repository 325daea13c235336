import { Controller, Get, Query } from '@nestjs/common';
import { OffersReader, SellPrices, soldAt, type OffersPage } from '#libs/catalog';
import { scopeOf, type Principal } from '#libs/identity';
import { BootImageReader, soldThing, type BootImage } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_PATTERN } from '#libs/kernel';
import { isAllowed } from '#libs/provisioning';
import { TenantLimits, type Limits } from '#libs/tenants';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { PageQuery, type ListOf } from '../http/http.dto';
import { ApiListResponse } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { ImageResponse, ImagesQuery, RegionResponse, SizeResponse, SizesQuery } from './catalog.dto';

/** What can be ordered, from the stored copy of the provider's catalog. `as_of` is the time of the copy. */
@RequireTenantOrAdmin()
@Controller('api/v1/catalog')
export class CatalogController {
  constructor(
    private readonly offers: OffersReader,
    private readonly bootImages: BootImageReader,
    private readonly sells: SellPrices,
    private readonly limits: TenantLimits,
  ) {}

  @Get('sizes')
  @ApiOperation({
    summary: 'List droplet sizes with their prices',
    description:
      'At list prices for admins, and at its sell prices for a tenant with a rate card. In the order of their slugs, or of `sort`.',
  })
  @ApiListResponse(SizeResponse)
  async sizes(@Query() query: SizesQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<SizeResponse>> {
    const limits = await this.limitsOf(by);
    const scope = scopeOf(by);
    const rates = await this.sells.ratesOf(scope.kind === 'tenant' ? scope.tenantId : null);
    const filters = query.toFilters();
    const sizes = await this.offers.listSizes(filters, query, (price, size_slug) =>
      soldAt(rates, price, () => soldThing({ kind: 'droplet', size_slug, region: filters.region ?? null })),
    );
    return listOf(withAllowed(sizes, limits && limits.allowed_sizes));
  }

  @Get('regions')
  @ApiOperation({ summary: 'List regions', description: 'In the order of their slugs.' })
  @ApiListResponse(RegionResponse)
  async regions(@Query() query: PageQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<RegionResponse>> {
    const limits = await this.limitsOf(by);
    return listOf(withAllowed(await this.offers.listRegions(query), limits && limits.allowed_regions));
  }

  @Get('images')
  @ApiOperation({
    summary: 'List images for a droplet order',
    description:
      'First the public images by slug, then snapshots and backups of droplets, and custom images: own ones for a tenant, all for an admin.',
  })
  @ApiListResponse(ImageResponse)
  async images(@Query() { q, cursor, limit }: ImagesQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<ImageResponse>> {
    const takenAt = await this.offers.takenAt();
    const after = decodeCursor(cursor, IMAGE_KEY);
    const isPastPublic = after !== null && OWN_KEY.test(after);
    const found = isPastPublic ? [] : await this.offers.listImages(q, after?.slice(PUBLIC.length) ?? null, limit + 1);
    const shared = found.map(({ slug, name, minDiskGb, regions, status }): ImageRow => ({
      key: `${PUBLIC}${slug}`,
      image: slug,
      type: 'public',
      name,
      min_disk_gib: minDiskGb,
      regions,
      available: status.toLowerCase() === 'available',
      resource_id: null,
      created_at: null,
    }));
    const left = limit + 1 - shared.length;
    const own = left > 0 ? await this.bootImages.list(scopeOf(by), q, isPastPublic ? after.slice(OWN.length) : null, left) : [];
    const { items, next_cursor } = pageOf([...shared, ...own.map(ownImage)], limit, ({ key }) => key);
    return listOf({ items: items.map(({ key: _key, ...image }) => image), next_cursor, takenAt });
  }

  /** Undefined for an admin, whom no limits bind. */
  private async limitsOf(by: Principal): Promise<Limits | undefined> {
    const scope = scopeOf(by);
    return scope.kind === 'tenant' ? this.limits.of(scope.tenantId) : undefined;
  }
}

/** Marks for a tenant the rows that its limits allow. `patterns`: undefined for an admin, null without a limit. Pure. */
function withAllowed<R extends { readonly slug: string }>(
  page: OffersPage<R>,
  patterns: readonly string[] | null | undefined,
): OffersPage<R & { readonly allowed?: boolean }> {
  if (patterns === undefined) return page;
  return { ...page, items: page.items.map((row) => ({ ...row, allowed: isAllowed(row.slug, patterns) })) };
}

/** `key`: the place of the row in a cursor. */
type ImageRow = ImageResponse & { readonly key: string };

const PUBLIC = 'public/';
const OWN = 'own/';
const OWN_KEY = new RegExp(`^${OWN}${UUID_PATTERN}$`);
const IMAGE_KEY = new RegExp(`^(${PUBLIC}[\\w.-]{1,100}|${OWN}${UUID_PATTERN})$`);

const IMAGE_TYPES = { snapshot: 'snapshot', droplet_backup: 'backup', custom_image: 'custom' } as const;

function ownImage({ id, kind, provider_id, name, regions, min_disk_size, created_at, available }: BootImage): ImageRow {
  return {
    key: `${OWN}${id}`,
    image: provider_id,
    type: IMAGE_TYPES[kind],
    name,
    min_disk_gib: min_disk_size ?? 0,
    regions: regions ?? [],
    available,
    resource_id: id,
    created_at,
  };
}

function listOf<R>({ items, next_cursor, takenAt }: OffersPage<R>): ListOf<R> {
  const completeness = { catalog: { as_of: takenAt, complete: takenAt !== null, reason: null } };
  return { data: items, page: { next_cursor }, as_of: takenAt, completeness };
}
