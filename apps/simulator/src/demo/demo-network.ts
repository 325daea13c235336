import type { SeededRandom } from '../world/random';
import type { DropletRecord, FirewallRecord, LoadBalancerRecord } from '../world/records';

const ANYWHERE = { addresses: ['0.0.0.0/0', '::/0'] };

/** A firewall as most sites have one: web for all, SSH for the office, everything out. */
export function demoFirewall(
  random: SeededRandom,
  name: string,
  droplets: readonly DropletRecord[],
  tags: string[],
  created_at: string,
): FirewallRecord {
  return {
    id: random.uuid(),
    name,
    status: 'succeeded',
    created_at,
    droplet_ids: droplets.map(({ id }) => id),
    tags,
    inbound_rules: [
      { protocol: 'tcp', ports: '80', sources: ANYWHERE },
      { protocol: 'tcp', ports: '443', sources: ANYWHERE },
      { protocol: 'tcp', ports: '22', sources: { addresses: ['203.0.113.0/24'] } },
    ],
    outbound_rules: [
      { protocol: 'tcp', ports: '0', destinations: ANYWHERE },
      { protocol: 'udp', ports: '0', destinations: ANYWHERE },
    ],
  };
}

/** A load balancer before the first two web droplets of a project. */
export function demoBalancer(
  random: SeededRandom,
  project: { id: string; owner: string; region: string; droplets: readonly DropletRecord[] },
  id: string,
  created_at: string,
): LoadBalancerRecord {
  const behind: DropletRecord[] = [];
  for (const droplet of project.droplets) {
    if (behind.length === 2) break; // a project of a scaled account has thousands
    if (droplet.tags.includes('web')) behind.push(droplet);
  }
  return {
    id,
    name: `${project.owner}-lb`,
    project_id: project.id,
    ip: `164.90.${random.integer(0, 255)}.${random.integer(1, 254)}`,
    size_unit: 1,
    algorithm: 'round_robin',
    status: 'active',
    type: 'REGIONAL',
    region: project.region,
    created_at,
    forwarding_rules: [
      { entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 80, certificate_id: '', tls_passthrough: false },
      { entry_protocol: 'https', entry_port: 443, target_protocol: 'https', target_port: 443, certificate_id: '', tls_passthrough: true },
    ],
    health_check: {
      protocol: 'http',
      port: 80,
      path: '/',
      check_interval_seconds: 10,
      response_timeout_seconds: 5,
      healthy_threshold: 5,
      unhealthy_threshold: 3,
    },
    sticky_sessions: { type: 'none' },
    redirect_http_to_https: true,
    droplet_ids: behind.map(({ id: dropletId }) => dropletId),
    tag: '',
    vpc_uuid: behind[0]?.vpc_uuid ?? random.uuid(),
  };
}
