import { answered, api, type Saga } from '../client/client';
import { words } from './format';
import type { Plan } from './plan-card';

const DEEDS: Readonly<Record<string, string>> = {
  provision_droplet: 'Create',
  destroy_droplet: 'Destroy',
  resize_droplet: 'Resize',
  snapshot_droplet: 'Take a snapshot of',
  revert_droplet: 'Put back',
  revert_product: 'Put back',
  power_droplet: 'Power',
  upsert_dns_record: 'Set DNS record',
  delete_dns_record: 'Delete DNS record',
  rename_droplet: 'Rename',
  set_droplet_backups: 'Change the backups of',
  restore_droplet: 'Restore',
  tag_resource: 'Tag',
  create_volume: 'Create volume',
  attach_volume: 'Attach',
  detach_volume: 'Detach',
  resize_volume: 'Grow',
  delete_volume: 'Delete',
  delete_snapshot: 'Delete',
  reserve_ip: 'Reserve an address',
  assign_ip: 'Assign',
  unassign_ip: 'Unassign',
  release_ip: 'Release',
  create_firewall: 'Create firewall',
  update_firewall: 'Change the rules of',
  attach_firewall: 'Put droplets under',
};

/** "Resize acme-web-01": what a saga does, to what. */
export function sagaTitle({ kind, target_name, input }: Pick<Saga, 'kind' | 'target_name' | 'input'>): string {
  const target = target_name ?? (typeof input.name === 'string' ? input.name : '');
  return `${DEEDS[kind] ?? words(kind)} ${target}`.trim();
}

/** What an order of this kind is called where one is chosen. */
export function sagaKindName(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    provision_droplet: 'New droplet',
    destroy_droplet: 'Destroy a droplet',
    resize_droplet: 'Resize a droplet',
    snapshot_droplet: 'Take a snapshot',
    power_droplet: 'Power a droplet on or off',
    upsert_dns_record: 'Set a DNS record',
    delete_dns_record: 'Delete a DNS record',
    rename_droplet: 'Rename a droplet',
    set_droplet_backups: 'Change the backups of a droplet',
    restore_droplet: 'Restore a droplet from an image',
    tag_resource: 'Tag a droplet or volume',
    create_volume: 'New volume',
    attach_volume: 'Attach a volume',
    detach_volume: 'Detach a volume',
    resize_volume: 'Grow a volume',
    delete_volume: 'Delete a volume',
    delete_snapshot: 'Delete a snapshot',
    reserve_ip: 'Reserve an address',
    assign_ip: 'Assign an address',
    unassign_ip: 'Unassign an address',
    release_ip: 'Release an address',
    create_firewall: 'New firewall',
    update_firewall: 'Change the rules of a firewall',
    attach_firewall: 'Put droplets under a firewall',
    demo: 'Demonstration',
  };
  return names[kind] ?? words(kind);
}

const OPEN = new Set(['pending', 'running', 'compensating', 'awaiting_approval']);
export const isOpen = ({ status }: Pick<Saga, 'status'>): boolean => OPEN.has(status);
export const stepsDone = ({ steps }: Pick<Saga, 'steps'>): number =>
  steps.filter(({ status }) => status === 'completed' || status === 'skipped').length;

/** What is started: a kind with its input. */
export interface StartBody {
  readonly kind: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly reason?: string | undefined;
}

/** Asks what a start would do. Nothing is changed. */
export const planStart = (body: StartBody) =>
  answered(api.POST('/api/v1/sagas', { params: { query: { dry_run: 'true' } }, body: body as never })) as Promise<unknown> as Promise<{
    data: Plan;
  }>;

/** Starts what was planned: once for a key, and only while the plan of the hash still holds. */
export function startSaga(body: StartBody, hash: string | undefined, key: string) {
  const whole = { ...body, ...(hash && { plan_hash: hash }) };
  return answered(api.POST('/api/v1/sagas', { body: whole as never, headers: { 'idempotency-key': key } })) as Promise<unknown> as Promise<{
    data: Saga;
  }>;
}
