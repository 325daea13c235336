import type { ImageRecord, RegionRecord, SizeRecord } from '../world/records';

const REGION_NAMES: Record<string, string> = {
  nyc1: 'New York 1',
  nyc3: 'New York 3',
  sfo2: 'San Francisco 2',
  sfo3: 'San Francisco 3',
  ams3: 'Amsterdam 3',
  fra1: 'Frankfurt 1',
  lon1: 'London 1',
  sgp1: 'Singapore 1',
  blr1: 'Bangalore 1',
  tor1: 'Toronto 1',
  syd1: 'Sydney 1',
};

export const REGION_SLUGS = Object.keys(REGION_NAMES);
const LIMITED = ['nyc3', 'sfo3', 'ams3', 'fra1', 'lon1', 'sgp1', 'syd1'];

/** slug, memory in MiB, vcpus, disk in GiB, transfer in TiB, USD a month, description. */
const SIZES: [string, number, number, number, number, number, string][] = [
  ['s-1vcpu-512mb-10gb', 512, 1, 10, 0.5, 4, 'Basic'],
  ['s-1vcpu-1gb', 1024, 1, 25, 1, 6, 'Basic'],
  ['s-1vcpu-1gb-amd', 1024, 1, 25, 1, 7, 'Basic AMD'],
  ['s-1vcpu-1gb-intel', 1024, 1, 25, 1, 7, 'Basic Intel'],
  ['s-1vcpu-2gb', 2048, 1, 50, 2, 12, 'Basic'],
  ['s-2vcpu-2gb', 2048, 2, 60, 3, 18, 'Basic'],
  ['s-2vcpu-4gb', 4096, 2, 80, 4, 24, 'Basic'],
  ['s-2vcpu-4gb-amd', 4096, 2, 80, 4, 28, 'Basic AMD'],
  ['s-4vcpu-8gb', 8192, 4, 160, 5, 48, 'Basic'],
  ['s-8vcpu-16gb', 16384, 8, 320, 6, 96, 'Basic'],
  ['c-2', 4096, 2, 25, 4, 42, 'CPU-Optimized'],
  ['c-4', 8192, 4, 50, 5, 84, 'CPU-Optimized'],
  ['c-8', 16384, 8, 100, 6, 168, 'CPU-Optimized'],
  ['g-2vcpu-8gb', 8192, 2, 25, 4, 63, 'General Purpose'],
  ['g-4vcpu-16gb', 16384, 4, 50, 5, 126, 'General Purpose'],
  ['m-2vcpu-16gb', 16384, 2, 50, 4, 84, 'Memory-Optimized'],
  ['m-4vcpu-32gb', 32768, 4, 100, 6, 168, 'Memory-Optimized'],
];

const diskInfo = (amount: number): SizeRecord['disk_info'] => [{ type: 'local', size: { amount, unit: 'gib' } }];

/** The hourly rate reaches the monthly price after 672 hours. */
const hourly = (monthly: number): number => Math.round((monthly / 672) * 100_000) / 100_000;

const GPU_SIZE: SizeRecord = {
  slug: 'gpu-h100x1-80gb',
  memory: 245_760,
  vcpus: 20,
  disk: 720,
  transfer: 15,
  price_monthly: 2_522.16,
  price_hourly: 3.39,
  regions: ['nyc1', 'tor1', 'ams3'],
  available: true,
  description: 'H100 GPU - 1X',
  disk_info: diskInfo(720),
  gpu_info: { count: 1, model: 'nvidia_h100', vram: { amount: 80, unit: 'gib' } },
};

/** A part of the real price list. Region `sfo2` does not offer the basic plans from 96 USD a month on, such as `s-8vcpu-16gb`. */
export const OFFERED_SIZES: SizeRecord[] = [
  ...SIZES.map(([slug, memory, vcpus, disk, transfer, price, description]) => ({
    slug,
    memory,
    vcpus,
    disk,
    transfer,
    price_monthly: price,
    price_hourly: hourly(price),
    regions: slug.startsWith('s-') ? REGION_SLUGS.filter((region) => region !== 'sfo2' || price < 96) : LIMITED,
    available: true,
    description,
    disk_info: diskInfo(disk),
  })),
  GPU_SIZE,
];

/** The regions, each with the sizes that it offers. */
export const OFFERED_REGIONS: RegionRecord[] = REGION_SLUGS.map((slug) => ({
  slug,
  name: REGION_NAMES[slug] ?? slug,
  features: ['backups', 'ipv6', 'metadata', 'install_agent', 'storage', 'image_transfer'],
  available: true,
  sizes: OFFERED_SIZES.filter((size) => size.regions.includes(slug)).map((size) => size.slug),
}));

/** id, name, distribution, slug, type. */
const PUBLIC: [number, string, string, string, ImageRecord['type']][] = [
  [155_133_621, '24.04 (LTS) x64', 'Ubuntu', 'ubuntu-24-04-x64', 'base'],
  [129_211_873, '22.04 (LTS) x64', 'Ubuntu', 'ubuntu-22-04-x64', 'base'],
  [166_407_044, '20.04 (LTS) x64', 'Ubuntu', 'ubuntu-20-04-x64', 'base'],
  [152_781_236, '12 x64', 'Debian', 'debian-12-x64', 'base'],
  [128_862_871, '11 x64', 'Debian', 'debian-11-x64', 'base'],
  [170_298_331, '41 x64', 'Fedora', 'fedora-41-x64', 'base'],
  [133_001_242, '9 Stream x64', 'CentOS', 'centos-stream-9-x64', 'base'],
  [134_009_315, '9 x64', 'Rocky Linux', 'rockylinux-9-x64', 'base'],
  [171_004_116, 'AI/ML Ready H100x1', 'Ubuntu', 'gpu-h100x1-base', 'base'],
  [154_111_908, 'Docker on Ubuntu', 'Ubuntu', 'docker-20-04', 'application'],
  [158_220_417, 'WordPress on Ubuntu', 'Ubuntu', 'wordpress-20-04', 'application'],
  [159_018_230, 'NodeJS on Ubuntu', 'Ubuntu', 'nodejs', 'application'],
];

const base = (id: number, name: string, distribution: string): Omit<ImageRecord, 'slug' | 'type' | 'status'> => ({
  id,
  name,
  distribution,
  public: true,
  regions: REGION_SLUGS,
  created_at: '2025-04-28T17:05:02Z',
  min_disk_size: 7,
  size_gigabytes: 0.62,
  description: `${distribution} ${name}`,
  tags: [],
});

/** An image that the provider has retired while droplets still run on it: it is in no list and has no slug. */
const RETIRED_IMAGE: ImageRecord = {
  ...base(112_929_454, '18.04 (LTS) x64', 'Ubuntu'),
  slug: null,
  type: 'base',
  status: 'retired',
};

/** Distribution and application images. */
export const OFFERED_IMAGES: ImageRecord[] = [
  ...PUBLIC.map(([id, name, distribution, slug, type]) => ({ ...base(id, name, distribution), slug, type, status: 'available' as const })),
  RETIRED_IMAGE,
];
