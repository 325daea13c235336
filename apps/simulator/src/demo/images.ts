import type { ImageRecord } from '../world/records';
import { REGION_SLUGS } from './demo-offers';

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

/** An image that the provider has withdrawn while droplets still run on it: in no list, its slug gone. */
export const RETIRED_IMAGE: ImageRecord = {
  ...base(112_929_454, '18.04 (LTS) x64', 'Ubuntu'),
  slug: null,
  type: 'base',
  status: 'retired',
};

/** Distribution and application images. */
export const CATALOGUE_IMAGES: ImageRecord[] = [
  ...PUBLIC.map(([id, name, distribution, slug, type]) => ({ ...base(id, name, distribution), slug, type, status: 'available' as const })),
  RETIRED_IMAGE,
];
