import type { Charge } from '#libs/catalog';
import { UnknownKindError } from '../inventory.errors';
import { alertPolicyKind } from './alert-policy.kind';
import { appKind } from './app.kind';
import { autoscalePoolKind } from './autoscale-pool.kind';
import { byoipPrefixKind } from './byoip-prefix.kind';
import { cdnEndpointKind } from './cdn-endpoint.kind';
import { certificateKind } from './certificate.kind';
import { containerRegistryKind } from './container-registry.kind';
import { customImageKind } from './custom-image.kind';
import { dbReplicaKind } from './db-replica.kind';
import { dedicatedInferenceKind } from './dedicated-inference.kind';
import { dnsRecordKind } from './dns-record.kind';
import { dnsZoneKind } from './dns-zone.kind';
import { dropletBackupKind } from './droplet-backup.kind';
import { dropletKind } from './droplet.kind';
import { firewallKind } from './firewall.kind';
import { floatingIpKind } from './floating-ip.kind';
import { functionNamespaceKind } from './function-namespace.kind';
import { genaiAgentKind } from './genai-agent.kind';
import { k8sClusterKind } from './k8s-cluster.kind';
import { k8sNodePoolKind } from './k8s-node-pool.kind';
import { knowledgeBaseKind } from './knowledge-base.kind';
import { loadBalancerKind } from './load-balancer.kind';
import { managedDbKind } from './managed-db.kind';
import { natGatewayKind } from './nat-gateway.kind';
import { nfsShareKind } from './nfs-share.kind';
import { partnerAttachmentKind } from './partner-attachment.kind';
import { placeholderInvoices, placeholderKind, placeholderPrices } from './placeholder.kind';
import { registryRepositoryKind } from './registry-repository.kind';
import { reservedIpv6Kind } from './reserved-ipv6.kind';
import { snapshotKind } from './snapshot.kind';
import { spacesKeyKind } from './spaces-key.kind';
import { sshKeyKind } from './ssh-key.kind';
import { tagKind } from './tag.kind';
import { uptimeCheckKind } from './uptime-check.kind';
import { vectorDatabaseKind } from './vector-database.kind';
import { volumeKind } from './volume.kind';
import { vpcPeeringKind } from './vpc-peering.kind';
import { vpcKind } from './vpc.kind';
import type { InvoiceNames, Kind, PriceRule } from './kind';

/**
 * Kinds with a list of their own. Sweeps, schedules, URNs and the API all read this list. Three kinds share the URN type `image`: it
 * means the first of them, because backups and custom images are never members of projects.
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
  appKind,
  managedDbKind,
  dbReplicaKind,
  k8sClusterKind,
  k8sNodePoolKind,
  vpcKind,
  natGatewayKind,
  reservedIpv6Kind,
  certificateKind,
  cdnEndpointKind,
  spacesKeyKind,
  containerRegistryKind,
  registryRepositoryKind,
  dnsRecordKind,
  customImageKind,
  sshKeyKind,
  tagKind,
  uptimeCheckKind,
  alertPolicyKind,
  vpcPeeringKind,
  byoipPrefixKind,
  nfsShareKind,
  functionNamespaceKind,
  autoscalePoolKind,
  partnerAttachmentKind,
  genaiAgentKind,
  knowledgeBaseKind,
  dedicatedInferenceKind,
  vectorDatabaseKind,
];

/** Attributes without a history, by kind: their values at an earlier time are unknown. */
export const VOLATILE_ATTRS = Object.fromEntries(KINDS.map(({ kind, volatileAttrs }) => [kind, volatileAttrs]));

/** The kinds that DigitalOcean does not charge for, and those that another resource carries. */
export const FREE_KINDS: readonly string[] = [
  ...KINDS.flatMap(({ kind, price }) => (price && 'free' in price ? [kind] : [])),
  ...Object.keys(placeholderPrices),
];

/** The kinds of which each resource is billed as some product. Of other kinds, a row of which only the id is known is billed as nothing. */
export const PRICED_KINDS: readonly string[] = KINDS.flatMap(({ kind, price, required }) =>
  required && price && 'billedAs' in price ? [kind] : [],
);

/** How invoices name the kinds that they charge for, by kind. */
export const INVOICE_NAMES: Readonly<Record<string, InvoiceNames>> = {
  ...Object.fromEntries(KINDS.flatMap(({ kind, invoice }) => (invoice ? [[kind, invoice]] : []))),
  ...placeholderInvoices,
};

/** The product of each kind in costs. */
export const INVOICE_PRODUCTS = Object.fromEntries(Object.entries(INVOICE_NAMES).map(([kind, { product }]) => [kind, product]));

/** The rule for the price of a kind; undefined where it is not known. */
export function priceRuleOf(name: string): PriceRule | undefined {
  return listedKind(name)?.price ?? placeholderPrices[name];
}

/** What is known about the charges for a kind. */
export function chargeOf(name: string): Charge {
  const rule = priceRuleOf(name);
  if (!rule) return {};
  return 'free' in rule ? { free: rule.free } : { isBilled: PRICED_KINDS.includes(name), freeUnits: rule.freeUnits };
}

/** Kinds with lists that are read once a day while the account has no such resource: all that the product does not need. [KND-3] */
export const SELDOM_KINDS: readonly string[] = KINDS.filter(({ required, lists }) => !required && lists.length > 0).map(({ kind }) => kind);

/** The sweep of the projects and their members. It also sweeps the kinds that are known only as members. */
export const PROJECT_SWEEP = { kind: 'project', sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 } } as const;

/** The pass over the account's action feed. It lists no resources; otherwise it is a sweep like the others. */
export const ACTION_FEED = { kind: 'action', sync: { queue: 'sync-fast', cron: '* * * * *', everyMs: 60_000 } } as const;

/** What schedules and the ledger know of a sweep. */
export type SweptKind = Pick<Kind, 'kind' | 'sync' | 'under'>;

/** Sweeps that list resources and projects. The completeness of an inventory list is derived from them. */
export const INVENTORY_SWEEPS: readonly SweptKind[] = [...KINDS, PROJECT_SWEEP];

/** All sweeps, each with its queue and cadence. */
export const SWEEPS: readonly SweptKind[] = [...INVENTORY_SWEEPS, ACTION_FEED];

/** False for a kind that only a newer release knows. */
export function isSweepable(name: string): boolean {
  return SWEEPS.some((sweep) => sweep.kind === name);
}

/** The sweep of this name. Throws `UnknownKindError` when there is none. */
export function sweepNamed(name: string): SweptKind {
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
