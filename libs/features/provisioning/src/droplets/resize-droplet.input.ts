import { IsBoolean, IsOptional, Matches } from 'class-validator';
import { OwnDropletInput, type WithDroplet } from './own-droplet';

/** A droplet to get another size. */
export class ResizeDropletInput extends OwnDropletInput {
  @Matches(/^[\w.-]{1,64}$/, { message: '$property must be a slug of the catalogue' })
  readonly size_slug: string;

  /** Also grow the disk, which can never be undone. */
  @IsOptional()
  @IsBoolean()
  readonly disk?: boolean;
}

/** What an accepted resize knows besides. */
export type AcceptedResize = WithDroplet<ResizeDropletInput>;
