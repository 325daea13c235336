/** What of a living resource is worth being kept as it is, by kind: what people choose, not what happens by itself. */
const BY_KIND: Readonly<Record<string, readonly string[]>> = {
  droplet: ['name', 'region', 'size_slug', 'image', 'tags', 'backups'],
  volume: ['name', 'region', 'size_gigabytes', 'filesystem_type', 'tags'],
  firewall: ['name', 'inbound_rules', 'outbound_rules', 'tags'],
  load_balancer: ['name', 'region', 'algorithm', 'forwarding_rules'],
  dns_zone: ['name'],
  floating_ip: ['region'],
};

export const desiredFields = (kind: string): readonly string[] => BY_KIND[kind] ?? ['name', 'region'];
