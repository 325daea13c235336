import { UnknownKindError } from '../sync/sweep.error';
import { dnsZoneKind } from './dns-zone.kind';
import { dropletBackupKind } from './droplet-backup.kind';
import { dropletKind } from './droplet.kind';
import { firewallKind } from './firewall.kind';
import { floatingIpKind } from './floating-ip.kind';
import type { Kind } from './kind';
import { loadBalancerKind } from './load-balancer.kind';
import { placeholderKind } from './placeholder.kind';
import { snapshotKind } from './snapshot.kind';
import { volumeKind } from './volume.kind';

/**
 * Kinds with a list of their own. Sweeps, schedules, URNs and the API all read this list. A URN type that two kinds share (`image`) means the
 * first of them: backups are never members of projects.
 */
export const KINDS: readonly Kind[] = [
  dropletKind,
  dnsZoneKind,
  volumeKind,
  floatingIpKind,
  firewallKind,
  loadBalancerKind,
  snapshotKind,
  dropletBackupKind,
];

/** The sweep of the projects and of who is a member of which; the kinds known only as members are swept with it. */
export const PROJECT_SWEEP = { kind: 'project', sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 } } as const;

/** The pass over the account's action feed. It lists no resources; otherwise it is a sweep like the others. */
export const ACTION_FEED = { kind: 'action', sync: { queue: 'sync-fast', cron: '* * * * *', everyMs: 60_000 } } as const;

/** Sweeps that say what exists: lists are as complete as these are. */
export const INVENTORY_SWEEPS: readonly Pick<Kind, 'kind' | 'sync'>[] = [...KINDS, PROJECT_SWEEP];

/** Everything that can be swept, with its queue and cadence. */
export const SWEEPS: readonly Pick<Kind, 'kind' | 'sync'>[] = [...INVENTORY_SWEEPS, ACTION_FEED];

/** False for a kind that only a newer release knows. */
export function isSweepable(name: string): boolean {
  return SWEEPS.some((sweep) => sweep.kind === name);
}

/** The sweepable kind of this name; throws `UnknownKindError` otherwise. */
export function sweepNamed(name: string): Pick<Kind, 'kind' | 'sync'> {
  const found = SWEEPS.find((sweep) => sweep.kind === name);
  if (!found) throw new UnknownKindError(name);
  return found;
}

/** The kind with a list of its own, if this is one. */
export function listedKind(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.kind === name);
}

/** What a URN of this type names: a kind with a list, a known placeholder, or the raw type (INV-11). */
export function kindOfUrnType(urnType: string): Kind {
  return KINDS.find((kind) => kind.urnTypes.includes(urnType)) ?? placeholderKind(urnType);
}

/** Which sweep tells about rows of this kind. */
export function sweptAs(kind: string): string {
  return isSweepable(kind) ? kind : PROJECT_SWEEP.kind;
}
