import { DROPLET_NAME, TAG } from '../droplets/provision-droplet.input';
import { REVERTIBLE, type RevertibleField } from './revert-droplet.input';

/** What is known of a field that somebody wants back as it was ordered. */
export interface RevertQuestion {
  readonly field: string;
  readonly ordered: unknown;
  /** Of the droplet now, GB; null when it is not known. */
  readonly diskGb: number | null;
  /** Of the size that was ordered, GB; undefined when the catalogue does not know it. */
  readonly orderedDiskGb: number | undefined;
  /** How many backups the droplet has. */
  readonly backups: number;
}

const NEVER: Readonly<Record<string, string>> = {
  region: 'a droplet cannot change its region in place: order another there and move what it holds',
  image: 'another image would overwrite the disk',
  missing: 'what is gone does not come back: order it anew, or accept its absence',
};

/** Why a field cannot be reverted in place without losing something; undefined when it can. Pure. */
export function whyNot({ field, ordered, diskGb, orderedDiskGb, backups }: RevertQuestion): string | undefined {
  if (!isRevertible(field)) return NEVER[field] ?? `the provider cannot change ${field} in place`;
  if (field === 'backups' && ordered === false) return whyBackupsStay(backups);
  if (field === 'backups') return ordered === true ? undefined : 'backups are either on or off';
  if (field === 'tags') return Array.isArray(ordered) && ordered.every(isTag) ? undefined : 'the provider takes no such tags';
  if (typeof ordered !== 'string') return `the provider takes no such ${field}`;
  if (field === 'name') return DROPLET_NAME.test(ordered) ? undefined : 'the provider takes no such name';
  if (diskGb !== null && orderedDiskGb !== undefined && orderedDiskGb < diskGb)
    return `${ordered} has a disk of ${orderedDiskGb} GB, and the droplet's of ${diskGb} GB cannot shrink`;
  return undefined;
}

/**
 * Why backups cannot be switched off; undefined when there are none to lose. Whether the provider then deletes the ones there are, its own pages
 * disagree about (docs.digitalocean.com, "How to Disable Backups": it does; the reference of doctl: it does not), so they count as lost.
 */
export function whyBackupsStay(backups: number): string | undefined {
  if (backups === 0) return undefined;
  return `switching backups off may delete the ${backups} that there are: keep what is wanted as snapshots and switch them off at the provider, or accept that they are on`;
}

export const isRevertible = (field: string): field is RevertibleField => (REVERTIBLE as readonly string[]).includes(field);

const isTag = (tag: unknown): boolean => typeof tag === 'string' && TAG.test(tag);
