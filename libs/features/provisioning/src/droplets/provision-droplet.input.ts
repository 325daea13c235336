import { ArrayMaxSize, IsArray, IsBoolean, IsByteLength, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';

/** A word of the provider's catalogue. */
const SLUG = /^[\w.-]{1,64}$/;
/** Source: docs/digitalocean-facts.md 4.3. */
export const DROPLET_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;
/** Letters, digits, `:`, `-` and `_` (docs/digitalocean-facts.md 8.3). */
export const TAG = /^[\w:-]{1,255}$/;
const KIB = 1024;

/** A droplet to be made. */
export class ProvisionDropletInput {
  @IsString()
  @MaxLength(255)
  @Matches(DROPLET_NAME, { message: '$property must be letters, digits, dots and hyphens, and begin and end with a letter or digit' })
  readonly name: string;

  @Matches(SLUG, { message: '$property must be a slug of the catalogue' })
  readonly size_slug: string;

  @Matches(SLUG, { message: '$property must be a slug of the catalogue' })
  readonly region: string;

  /** Slug of a public image, or the id of a snapshot or backup. */
  @Matches(SLUG, { message: '$property must be a slug of the catalogue or the id of a snapshot' })
  readonly image: string;

  /** Ours, as the inventory shows it. A tenant with one project may leave it out; an admin's droplet then stays in the default project. */
  @IsOptional()
  @IsUUID()
  readonly project_id?: string;

  /** Ids or fingerprints of keys of the account. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^[0-9a-f:]{1,64}$/, { each: true, message: '$property must be ids or fingerprints' })
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

  /** Given to the droplet at its first boot. May hold secrets: nobody is shown it. */
  @IsOptional()
  @IsByteLength(0, 64 * KIB)
  readonly user_data?: string;
}
