import { UnknownKindError } from '../inventory.errors';
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
 * Kinds with a list of their own. Sweeps, schedules, URNs and the API all read this list. Two kinds share the URN type `image`: it means
 * the first of them, because backups are never members of projects.
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

/** Attributes without a history, by kind: their values at an earlier time are unknown. */
export const VOLATILE_ATTRS = Object.fromEntries(KINDS.map(({ kind, volatileAttrs }) => [kind, volatileAttrs]));

/** The sweep of the projects and their members. It also sweeps the kinds that are known only as members. */
export const PROJECT_SWEEP = { kind: 'project', sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 } } as const;

/** The pass over the account's action feed. It lists no resources; otherwise it is a sweep like the others. */
export const ACTION_FEED = { kind: 'action', sync: { queue: 'sync-fast', cron: '* * * * *', everyMs: 60_000 } } as const;

/** Sweeps that list resources and projects. The completeness of an inventory list is derived from them. */
export const INVENTORY_SWEEPS: readonly Pick<Kind, 'kind' | 'sync'>[] = [...KINDS, PROJECT_SWEEP];

/** All sweeps, each with its queue and cadence. */
export const SWEEPS: readonly Pick<Kind, 'kind' | 'sync'>[] = [...INVENTORY_SWEEPS, ACTION_FEED];

/** False for a kind that only a newer release knows. */
export function isSweepable(name: string): boolean {
  return SWEEPS.some((sweep) => sweep.kind === name);
}

/** The sweep of this name. Throws `UnknownKindError` when there is none. */
export function sweepNamed(name: string): Pick<Kind, 'kind' | 'sync'> {
  const found = SWEEPS.find((sweep) => sweep.kind === name);
  if (!found) {
    const known = SWEEPS.map(({ kind }) => kind);
    throw new UnknownKindError(name, known);
  }
  return found;
}

/** The kind of this name, if it has a list of its own. */
export function listedKind(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.kind === name);
}

/** The kind of a URN type: a kind with a list, a known placeholder, or a placeholder named after the type. [INV-11] */
export function kindOfUrnType(urnType: string): Kind {
  return KINDS.find((kind) => kind.urnTypes.includes(urnType)) ?? placeholderKind(urnType);
}

/** The name of the sweep that covers rows of this kind. */
export function sweptAs(kind: string): string {
  return isSweepable(kind) ? kind : PROJECT_SWEEP.kind;
}
