import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsByteLength,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

/** A slug of the provider's catalog. */
const SLUG = /^[\w.-]{1,64}$/;
/** Source: docs/digitalocean-facts.md 4.3. */
export const DROPLET_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;
/** Letters, digits, `:`, `-` and `_` (docs/digitalocean-facts.md 8.3). */
export const TAG = /^[\w:-]{1,255}$/;
const KIB = 1024;
/** A week. */
export const MOST_AFTER_HOURS = 168;
const asKey = (key: unknown): unknown => (typeof key === 'number' && Number.isSafeInteger(key) && key > 0 ? String(key) : key);

/** The droplet to create. */
export class ProvisionDropletInput {
  @IsString()
  @MaxLength(255)
  @Matches(DROPLET_NAME, { message: '$property must be letters, digits, dots and hyphens, and begin and end with a letter or digit' })
  readonly name: string;

  @Matches(SLUG, { message: '$property must be a slug of the catalog' })
  readonly size_slug: string;

  @Matches(SLUG, { message: '$property must be a slug of the catalog' })
  readonly region: string;

  /** The slug of a public image, or the id of a snapshot or backup. */
  @Matches(SLUG, { message: '$property must be a slug of the catalog or the id of a snapshot' })
  readonly image: string;

  /**
   * Our id of the project, as the inventory returns it. A tenant with one project may omit it. Without it an admin's droplet stays in the
   * default project.
   */
  @IsOptional()
  @IsUUID()
  readonly project_id?: string;

  /** Ids or fingerprints of SSH keys of the account. The provider's ids are numbers, so numbers are accepted too. */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(asKey) : value))
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^[0-9a-f:]{1,64}$/i, { each: true, message: '$property must be ids or fingerprints of SSH keys, such as 512189' })
  readonly ssh_keys?: string[];

  @IsOptional()
  @IsBoolean()
  readonly backups?: boolean;

  /** Admins only. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(TAG, { each: true, message: '$property must be letters, digits and : - _' })
  readonly tags?: string[];

  /** Admins only. */
  @IsOptional()
  @IsUUID()
  readonly vpc_uuid?: string;

  /** The droplet receives this text at its first boot. It may contain secrets, so no answer contains it. */
  @IsOptional()
  @IsByteLength(0, 64 * KIB)
  readonly user_data?: string;
}

/** Names a droplet by our id of it. */
export class OwnDropletInput {
  @IsUUID()
  readonly resource_id: string;
}

/** The droplet to destroy, and how. */
export class DestroyDropletInput extends OwnDropletInput {
  /** The name that the droplet must have. Tenants must give it. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  readonly expected_name?: string;

  /** Takes a snapshot right before the droplet is destroyed. Without the snapshot nothing is destroyed. */
  @IsOptional()
  @IsBoolean()
  readonly final_snapshot?: boolean;

  /** Powers the droplet off at once and destroys it after this time. A cancel before that powers it on again. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MOST_AFTER_HOURS)
  readonly after_hours?: number;
}

export const POWER_ACTIONS = ['on', 'off', 'shutdown', 'reboot'] as const;

/** The droplet to switch, and how. */
export class PowerDropletInput extends OwnDropletInput {
  /** `shutdown` lets the system of the droplet end by itself, `off` does not ask it. */
  @IsIn(POWER_ACTIONS)
  readonly action: (typeof POWER_ACTIONS)[number];
}

/** The power that a droplet has after the action. Pure. */
export const powerAfter = (action: Exclude<PowerDropletInput['action'], 'reboot'>): 'on' | 'off' => (action === 'on' ? 'on' : 'off');

/** An accepted input: the input of the start, and the provider's id of the droplet. */
export type WithDroplet<Input = OwnDropletInput> = Input & { readonly resource_id: string; readonly droplet_id: string };

/** The droplet to resize, and its new size. */
export class ResizeDropletInput extends OwnDropletInput {
  @Matches(SLUG, { message: '$property must be a slug of the catalog' })
  readonly size_slug: string;

  /** Also grows the disk, which cannot be undone. */
  @IsOptional()
  @IsBoolean()
  readonly disk?: boolean;
}

/** The size that a droplet gets, and whether its disk grows to that of the size. */
export type WantedSize = { readonly size_slug: string; readonly disk?: boolean };

/** Why a droplet cannot get the size; undefined when it can, or when a disk is not known. Pure (docs/digitalocean-facts.md 4.7). */
export function findDiskObstacle(slug: string, diskGb: number | null, newDiskGb: number | undefined): string | undefined {
  if (diskGb === null || newDiskGb === undefined || newDiskGb >= diskGb) return undefined;
  return `${slug} has a disk of ${newDiskGb} GB, and the droplet's of ${diskGb} GB cannot shrink`;
}

/** Whether the droplet has the size, and the disk where that is to grow. Pure. */
export function hasSizeAlready(
  { size_slug, disk }: WantedSize,
  droplet: { readonly sizeSlug: string | null; readonly diskGb: number | null },
  newDiskGb: number | undefined,
): boolean {
  return droplet.sizeSlug === size_slug && (disk !== true || (newDiskGb !== undefined && (droplet.diskGb ?? 0) >= newDiskGb));
}

export type AcceptedDestroy = WithDroplet<DestroyDropletInput>;
export type AcceptedResize = WithDroplet<ResizeDropletInput>;
