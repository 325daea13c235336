import { kindOfProduct, subjectOf } from './line-subject';

it.each([
  ['Droplets', 'droplet'],
  ['GPU Droplets', 'droplet'],
  ['Droplet Snapshots', 'snapshot'],
  ['Volume Snapshots', 'snapshot'],
  ['Droplet Backups', 'droplet_backup'],
  ['Volumes', 'volume'],
  ['Floating IPs', 'floating_ip'],
  ['Reserved IPs', 'floating_ip'],
  ['Reserved IPv6', 'reserved_ipv6'],
  ['Load Balancers', 'load_balancer'],
  ['Kubernetes Clusters', 'k8s_cluster'],
  ['Database Clusters', 'managed_db'],
  ['Spaces Subscription', 'account'],
  ['Spaces bandwidth', 'spaces_bucket'],
  ['Droplet Bandwidth', 'account'],
  ['App Platform', 'app'],
  ['Container Registry', 'account'],
  ['Taxes', 'tax'],
  ['GST', 'tax'],
  ['Credits', 'credit'],
  ['Promo Credit', 'credit'],
  ['GPU Droplet Backups', 'droplet_backup'],
  ['Managed Databases', 'managed_db'],
  ['Block  storage volumes', 'volume'],
  ['Something New', 'other'],
])('gives the product %s the kind %s', (product, kind) => {
  expect(kindOfProduct(product)).toBe(kind);
});

it.each([
  'Database Backups',
  'NFS Snapshots',
  'Database Snapshots',
  'SnapShooter Backups',
  'NFS Volumes',
  'Model Registry',
  'Load Balancer Bandwidth',
  'CDN Bandwidth',
  'Uptime Support',
  'Partner Subscription',
  'App Platform Bandwidth',
  'Kubernetes Backups',
  'Droplet Autoscale Pools',
  'Credit Card Surcharge',
  'AI Inference Credits',
  'Spaces Snapshots',
  'Serverless Apps',
])('gives the product %s the kind other, because only a whole phrase names a kind (B3) [BIL-7]', (product) => {
  expect(kindOfProduct(product)).toBe('other');
});

it.each(['tax-app (s-1vcpu-1gb)', 'taxi-01 (s-1vcpu-1gb)', 'vat-calculator (s-1vcpu-1gb)', 'gst (s-1vcpu-1gb)'])(
  'takes a droplet named %s for a droplet, not for a tax [BIL-6]',
  (description) => {
    expect(subjectOf(kindOfProduct('Droplets'), description, '').kind).toBe('droplet');
  },
);

it.each([
  ['Droplets', 'web-01 (s-1vcpu-1gb)', '', { name: 'web-01', region: null }],
  ['Droplets', 'Web (old), EU (s-1vcpu-1gb)', '', { name: 'web (old), eu', region: null }],
  ['Droplets', 'no-size', '', { name: 'no-size', region: null }],
  ['Droplet Backups', 'web-01 (Weekly Backup Services)', '', { name: 'web-01', region: null }],
  ['Droplet Snapshots', 'web-01-1707755441748 (fra1) 10.15GB Droplet Snapshot', '', { name: 'web-01-1707755441748', region: 'fra1' }],
  ['Volumes', 'data-01 (sfo2) 100GB', '', { name: 'data-01', region: 'sfo2' }],
  ['Floating IPs', 'Unused Floating IP - 1.1.1.1', '', { name: '1.1.1.1', region: null }],
  ['Reserved IPv6', 'Unused Reserved IPv6 - 2604:a880::1', '', { name: '2604:a880::1', region: null }],
  ['Kubernetes Clusters', 'pool-a1 (3 x s-2vcpu-4gb)', 'prod-cluster', { name: 'prod-cluster', region: null }],
  ['Database Clusters', 'db-s-1vcpu-1gb', 'orders', { name: 'orders', region: null }],
  ['Spaces Subscription', 'Spaces ($5/mo 250GB storage & 1TB bandwidth)', '', { name: null, region: null }],
  ['Taxes', 'STATE SALES TAX (6.25%)', '', { name: null, region: null }],
])('for the product %s, finds in "%s" (group "%s") the name and region %p [BIL-7]', (product, description, group, expected) => {
  expect(subjectOf(kindOfProduct(product), description, group)).toMatchObject(expected);
});
