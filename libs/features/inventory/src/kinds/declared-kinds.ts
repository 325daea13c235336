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
import type { Kind } from './kind';

/**
 * Kinds with a list of their own. A new kind is one import and one entry here: sweeps, schedules,
 * URNs, prices, invoices and the API all read this list. Three kinds share the URN type `image`: it
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
