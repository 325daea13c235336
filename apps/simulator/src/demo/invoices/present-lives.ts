import type { SeededRandom } from '../../world/random';
import type { DropletRecord } from '../../world/records';
import { settled, type BilledAccount } from './billed-account';
import type { Life } from './life';
import { networkLives } from './network-lives';
import { sizeCents } from './rates';
import { storageLives } from './storage-lives';

const DAY_MS = 86_400_000;
const SMALLER: Record<string, string> = {
  's-1vcpu-2gb': 's-1vcpu-1gb',
  's-2vcpu-2gb': 's-1vcpu-2gb',
  's-2vcpu-4gb': 's-2vcpu-2gb',
  's-4vcpu-8gb': 's-2vcpu-4gb',
};

/** What the account has today, since when it has been billed. */
export function presentLives(account: BilledAccount, random: SeededRandom): Life[] {
  return [
    ...account.state.droplets.flatMap((droplet, nth) => dropletLives(account, droplet, nth)),
    ...storageLives(account),
    ...networkLives(account),
  ].map((life) => (life.product === 'Droplet Snapshots' && random.next() < 0.3 ? { ...life, ids: {} } : life));
}

/** A droplet and its backups. Every fifth was smaller in the first half of its life; the oldest of some clients came from another one. */
function dropletLives(account: BilledAccount, droplet: DropletRecord, nth: number): Life[] {
  const { id, name, size_slug: slug, features, created_at } = droplet;
  const fromMs = Date.parse(created_at);
  const halfMs = fromMs + Math.floor((account.startMs - fromMs) / 2_000) * 1_000;
  const former = nth % 5 === 0 ? SMALLER[slug] : undefined;
  const sizes = [...(former === undefined ? [] : [{ fromMs, slug: former }]), { fromMs: former === undefined ? fromMs : halfMs, slug }];
  const isGpu = slug.startsWith('gpu-');
  const life: Life = {
    kind: 'droplet',
    product: isGpu ? 'GPU Droplets' : 'Droplets',
    ids: { resource_id: String(id) },
    providerId: String(id),
    exists: true,
    fromMs,
    toMs: Infinity,
    owners: ownersOf(account, droplet, nth),
    parts: sizes.map((size) => ({ fromMs: size.fromMs, description: `${name} (${size.slug})`, monthlyCents: sizeCents(size.slug) })),
  };
  if (!features.includes('backups')) return [life];
  return [life, backupsOf(life, name, nth % 4 === 0 ? 'daily' : 'weekly', account.isAlone(name))];
}

/** Backup lines carry no id while the name says which droplet is meant. */
export function backupsOf(life: Life, name: string, backups: 'weekly' | 'daily', isAlone: boolean): Life {
  const description = `${name} (${backups === 'daily' ? 'Daily' : 'Weekly'} Backup Services)`;
  const parts = life.parts.map((part) => ({ ...part, description }));
  return { ...life, product: 'Droplet Backups', ids: isAlone ? {} : life.ids, parts, backups };
}

/** The third client's oldest droplet, and every fourth client's after it, was the next client's until half a year ago. */
function ownersOf({ ownerOf, projects, state, startMs }: BilledAccount, { id, created_at }: DropletRecord, nth: number): Life['owners'] {
  const project = ownerOf(`do:droplet:${id}`);
  const clients = projects.filter(({ tenant }) => tenant !== null);
  const place = clients.indexOf(project);
  const before = clients[place + 1];
  const movedMs = startMs - (170 + place) * DAY_MS;
  const isOldest = !state.droplets.slice(0, nth).some((other) => ownerOf(`do:droplet:${other.id}`) === project);
  if (place % 4 !== 2 || before === undefined || !isOldest || Date.parse(created_at) > movedMs - 30 * DAY_MS) return settled(project);
  return [
    { fromMs: -Infinity, project: before },
    { fromMs: movedMs, project },
  ];
}
