// Calls of one cycle over all kinds of a mixed account of about 2,000 resources, against the fewest that could do:
// a page per 200 of each list, and of each project's members. SCALE=22 (60 droplets each).
import { openInventory, report, round, simulatorControl, startDatabase } from './stage.mjs';

const { startSimulator } = await import('../dist/apps/simulator/src/index.js');
const { KINDS, SWEEPS } = await import('../dist/libs/features/inventory/src/index.js');

const simulator = await startSimulator({ scale: Number(process.env.SCALE ?? 12), seed: 1 });
const control = simulatorControl(simulator.url);
const server = await startDatabase();
const inventory = await openInventory({ DATABASE_URL: server.appUrl, DO_API_URL: simulator.url, DO_API_TOKEN: simulator.token });

const cycles = [];
for (const what of ['first', 'unchanged']) {
  const { requests: before } = await control('GET', 'ledger');
  const from = performance.now();
  for (const { kind } of SWEEPS) {
    const ended = await inventory.sweeps.run(kind, { trigger: 'manual' });
    if (ended.status !== 'complete') throw new Error(`the sweep of ${kind} ended ${ended.status}: ${ended.reason}`);
  }
  const seconds = round((performance.now() - from) / 1000, 2);
  const { requests } = await control('GET', `ledger?since=${before.at(-1)?.seq ?? 0}`);
  cycles.push({ what, s: seconds, calls: requests.length, refused_429: requests.filter(({ status }) => status === 429).length });
}

const { projects, members, ...account } = await control('GET', 'account');
const pages = (count) => Math.max(1, Math.ceil(count / 200));
const images = account.images.filter((image) => !image.public);
const gpus = account.droplets.filter(({ size_slug: size }) => size.startsWith('gpu-')).length;
const lists = [
  account.droplets.length - gpus,
  gpus,
  account.domains.length,
  account.volumes.length,
  account.floating_ips.length,
  account.firewalls.length,
  account.load_balancers.length,
  images.filter(({ type }) => type === 'snapshot').length + account.volume_snapshots.length,
  images.length,
  images.length, // read once more for custom images
  account.databases.length,
  account.kubernetes_clusters.length,
  account.kubernetes_clusters.length, // and for the pools in them
  ...['apps', 'vpcs', 'nat_gateways', 'reserved_ipv6s', 'certificates', 'cdn_endpoints', 'spaces_keys', 'registries'].map(
    (name) => account[name].length,
  ),
  ...['ssh_keys', 'tags', 'uptime_checks', 'alert_policies'].map((name) => account[name].length),
];
/** Kinds that are listed by parent: a page per 200 of each database, registry and zone. */
const underParents = [
  ...account.databases.map(({ id }) => account.db_replicas.filter(({ primary_id: primary }) => primary === id).length),
  ...account.registries.map(({ name }) => account.registry_repositories.filter(({ registry_name: registry }) => registry === name).length),
  ...account.domains.map(({ name }) => account.domain_records.filter(({ domain }) => domain === name).length),
];
const memberships = projects.map(({ id }) => members.filter(({ project_id: project }) => project === id).length);
const fewest = [...lists, ...underParents, projects.length, ...memberships].reduce((sum, count) => sum + pages(count), 0);

await inventory.close();
await server.stop();
await simulator.close();
report('cycle', {
  resources: lists.reduce((sum, count) => sum + count, 0) - images.filter(({ type }) => type === 'snapshot').length,
  kinds: KINDS.length,
  fewest_calls: fewest,
  cycles: cycles.map((cycle) => ({ ...cycle, over_fewest: round(cycle.calls / fewest - 1, 3) })),
});
