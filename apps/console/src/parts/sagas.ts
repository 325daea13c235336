import type { Saga } from '../client/client';
import { words } from './format';

const DEEDS: Readonly<Record<string, string>> = {
  provision_droplet: 'Create',
  destroy_droplet: 'Destroy',
  resize_droplet: 'Resize',
  snapshot_droplet: 'Take a snapshot of',
  revert_droplet: 'Put back',
  power_droplet: 'Power',
  upsert_dns_record: 'Set DNS record',
  delete_dns_record: 'Delete DNS record',
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
    demo: 'Demonstration',
  };
  return names[kind] ?? words(kind);
}

const OPEN = new Set(['pending', 'running', 'compensating', 'awaiting_approval']);
export const isOpen = ({ status }: Pick<Saga, 'status'>): boolean => OPEN.has(status);
export const stepsDone = ({ steps }: Pick<Saga, 'steps'>): number =>
  steps.filter(({ status }) => status === 'completed' || status === 'skipped').length;
