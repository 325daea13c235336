// A provider that does nothing but serve N droplets in pages, from memory: what a sweep costs is then our own. N and which hundredth
// of them is off come with POST /set. The objects have the fields and the size of real ones.
import http from 'node:http';

const region = {
  name: 'Sydney 1',
  slug: 'syd1',
  features: ['backups', 'ipv6', 'metadata', 'install_agent', 'storage', 'image_transfer'],
  available: true,
  sizes: ['s-1vcpu-1gb', 's-1vcpu-2gb', 's-2vcpu-2gb', 's-2vcpu-4gb', 's-4vcpu-8gb'],
};
const image = {
  id: 129211873,
  name: '24.04 (LTS) x64',
  distribution: 'Ubuntu',
  slug: 'ubuntu-24-04-x64',
  public: true,
  regions: ['nyc3', 'nyc1', 'sfo1', 'nyc2', 'ams2', 'sgp1', 'lon1', 'fra1', 'tor1', 'blr1', 'syd1'],
  created_at: '2025-01-01T00:00:00Z',
  min_disk_size: 7,
  type: 'base',
  size_gigabytes: 0.6,
  description: 'Ubuntu 24.04',
  tags: [],
  status: 'available',
};
const size = {
  slug: 's-1vcpu-1gb',
  memory: 1024,
  vcpus: 1,
  disk: 25,
  transfer: 1,
  price_monthly: 6,
  price_hourly: 0.00893,
  regions: ['ams3', 'blr1', 'fra1', 'lon1', 'nyc1', 'nyc3', 'sfo2', 'sfo3', 'sgp1', 'syd1', 'tor1'],
  available: true,
  description: 'Basic',
};

const droplet = (i, off) => ({
  id: 500000000 + i,
  name: `host-${i}.example.com`,
  memory: 1024,
  vcpus: 1,
  disk: 25,
  disk_info: [{ type: 'local', size: { amount: 25, unit: 'gib' } }],
  locked: false,
  status: i % 100 === off ? 'off' : 'active',
  kernel: null,
  created_at: '2026-01-01T00:00:00Z',
  features: ['backups', 'private_networking', 'monitoring', 'droplet_agent'],
  backup_ids: [],
  next_backup_window: null,
  snapshot_ids: [],
  image,
  volume_ids: [],
  size,
  size_slug: size.slug,
  region,
  tags: ['web', `env-${i % 7}`],
  vpc_uuid: '760e09ef-dc84-11e8-981e-3cfdfeaae000',
  networks: {
    v6: [],
    v4: [
      { ip_address: `10.0.${i % 250}.${i % 200}`, netmask: '255.255.0.0', gateway: '10.0.0.1', type: 'private' },
      { ip_address: `203.0.${i % 250}.${i % 200}`, netmask: '255.255.240.0', gateway: '203.0.0.1', type: 'public' },
    ],
  },
});

let world = { n: 0, off: 0 };
let calls = 0;
const pages = new Map();
function page(number, perPage) {
  const key = `${world.n}/${world.off}/${number}/${perPage}`;
  let body = pages.get(key);
  if (!body) {
    const droplets = [];
    for (let i = (number - 1) * perPage; i < Math.min(world.n, number * perPage); i++) droplets.push(droplet(i, world.off));
    body = Buffer.from(
      JSON.stringify({
        droplets,
        links: number * perPage < world.n ? { pages: { next: `?page=${number + 1}` } } : {},
        meta: { total: world.n },
      }),
    );
    pages.set(key, body);
  }
  return body;
}

function answer(url) {
  const asked = url.searchParams;
  switch (url.pathname) {
    case '/set':
      world = { n: Number(asked.get('n')), off: Number(asked.get('off')) };
      calls = 0;
      return '{}';
    case '/calls':
      return JSON.stringify({ calls });
    case '/v2/account':
      return JSON.stringify({ account: { uuid: 'a', team: { uuid: 't', name: 'bench' } } });
    case '/v2/projects/default':
      return JSON.stringify({ project: { owner_uuid: 't' } });
    default:
      calls += 1;
      return asked.get('type') === 'gpus'
        ? '{"droplets":[],"links":{},"meta":{"total":0}}'
        : page(Number(asked.get('page')), Number(asked.get('per_page')));
  }
}

const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(answer(new URL(request.url, 'http://provider')));
});
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.once('disconnect', () => process.exit(0));
