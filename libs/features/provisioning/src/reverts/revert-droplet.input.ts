import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn, IsObject, IsOptional } from 'class-validator';
import { DROPLET_NAME, findDiskObstacle, OwnDropletInput, TAG, type WithDroplet } from '../droplets/droplet.input';

/** The fields of a droplet that the provider can change in place without losing data. */
export const REVERTIBLE = ['size_slug', 'name', 'tags', 'backups', 'power'] as const;
export type RevertibleField = (typeof REVERTIBLE)[number];

/** The droplet to revert, and the fields that get their desired value again. */
export class RevertDropletInput extends OwnDropletInput {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(REVERTIBLE.length)
  @IsIn(REVERTIBLE, { each: true })
  readonly fields: RevertibleField[];

  /** The value of each field that the operator saw: the provider may have no other one to overwrite. */
  @IsOptional()
  @IsObject()
  readonly seen_values?: Readonly<Record<string, unknown>>;
}

/** The wanted state of a droplet. Its tags do not contain the tags that only this service sets. */
export interface DropletState {
  readonly size_slug: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly backups: boolean;
  /** `on` or `off`. */
  readonly power: string;
}

/**
 * An accepted revert: the desired value of the fields to revert, the live value of all others, and the version of the desired state that
 * the revert is based on.
 */
export type AcceptedRevert = WithDroplet<RevertDropletInput> &
  DropletState & {
    readonly spec_version: number;
    /** The power as the previous release stored it: `active` or `off`. */
    readonly status?: string;
  };

/** One field to revert, with the facts that decide whether that is possible. */
export interface FieldRevert {
  readonly field: string;
  /** The desired value of the field. */
  readonly ordered: unknown;
  /** The current disk of the droplet, GB; null when unknown. */
  readonly diskGb: number | null;
  /** The disk of the desired size, GB; undefined when the catalog does not contain the size. */
  readonly orderedDiskGb: number | undefined;
  /** The number of backups of the droplet. */
  readonly backups: number;
}

const IRREVERSIBLE: Readonly<Record<string, string>> = {
  region: 'a droplet cannot change its region in place: order another one there and move its data',
  image: 'another image would overwrite the disk',
  missing: 'a deleted droplet does not come back: order it anew, or accept its absence',
};

/** The reason why a field cannot be reverted in place without losing data; undefined when it can. Pure. */
export function findRevertObstacle({ field, ordered, diskGb, orderedDiskGb, backups }: FieldRevert): string | undefined {
  if (!isRevertible(field)) return IRREVERSIBLE[field] ?? `the provider cannot change ${field} in place`;
  if (field === 'backups' && ordered === false) return findBackupsObstacle(backups);
  if (field === 'backups') return ordered === true ? undefined : 'backups are either on or off';
  if (field === 'tags') return Array.isArray(ordered) && ordered.every(isTag) ? undefined : 'the provider takes no such tags';
  if (typeof ordered !== 'string') return `the provider takes no such ${field}`;
  if (field === 'power') return ordered === 'on' || ordered === 'off' ? undefined : 'a droplet is either on or off';
  if (field === 'name') return DROPLET_NAME.test(ordered) ? undefined : 'the provider takes no such name';
  return findDiskObstacle(ordered, diskGb, orderedDiskGb);
}

/**
 * The reason why backups cannot be switched off; undefined when the droplet has none to lose. The provider's pages disagree on whether it
 * deletes the existing backups, so they count as lost (docs/digitalocean-facts.md 6.5).
 */
export function findBackupsObstacle(backups: number): string | undefined {
  if (backups === 0) return undefined;
  return `switching backups off may delete the ${backups} existing ones: keep the wanted ones as snapshots and switch backups off at the provider, or accept that they are on`;
}

export const isRevertible = (field: string): field is RevertibleField => (REVERTIBLE as readonly string[]).includes(field);

const isTag = (tag: unknown): boolean => typeof tag === 'string' && TAG.test(tag);
