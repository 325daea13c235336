import { money } from '../../parts/format';

/** Every text of the order form. */
export const TEXTS = {
  title: 'Order',
  choose: 'What should happen?',
  reason: 'Reason',
  reasonHelp: 'It goes into the audit log and stands beside the change.',
  plan: 'Show the plan',
  again: 'Plan again',
  changed: 'The form has changed since this plan.',
  before:
    'The plan appears here: what it does, step by step, what it costs, and how it can be undone. Nothing happens before you confirm it.',
  go: (deed: string) => deed,
  goFor: (deed: string, delta: string) => `${deed} for ${money(delta)} a month`,
  approval: (delta: string) => `Ask for approval of ${money(delta)} a month`,
  required: 'is needed',
  wrongForm: 'does not have the expected form',
  tooShort: (n: number) => `needs at least ${n}`,
  tooLong: (n: number) => `takes at most ${n}`,
  atLeast: (n: number) => `is at least ${n}`,
  atMost: (n: number) => `is at most ${n}`,
  pickDroplet: 'Choose a droplet by name or address',
  pickProject: 'Choose a project',
  none: 'None found',
  sizes: {
    size: 'Size',
    vcpus: 'vCPU',
    memory: 'Memory',
    disk: 'Disk',
    price: '$ / month',
    notAllowed: 'not allowed',
    family: 'Family',
    filter: 'Part of a size',
  },
  moved: 'The world moved while you read. Look at the new plan and confirm it again.',
  danger: { title: (deed: string, name: string) => `${deed} ${name}?`, text: 'It cannot be undone.' },
};

export const DEEDS: Readonly<Record<string, string>> = {
  provision_droplet: 'Create the droplet',
  destroy_droplet: 'Destroy',
  resize_droplet: 'Resize',
  snapshot_droplet: 'Take the snapshot',
  power_droplet: 'Change the power',
  upsert_dns_record: 'Set the record',
  delete_dns_record: 'Delete the record',
  demo: 'Start',
};
