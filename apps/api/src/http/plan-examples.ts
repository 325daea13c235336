import type { DriftPlanResponse, PlanResponse } from './plan.dto';

const NO_COST = { before_monthly: '0.00', currency: 'USD', source: 'catalog' };
const UNUSED = { changes: [], destroys: [], leaves: [], limits: [], approval: { required: false, why: null }, warnings: [] };

/** A plan, as the document shows it. */
export const PLAN_EXAMPLE: PlanResponse = {
  kind: 'provision_droplet',
  plan_hash: '3q2-7wAAbCdEfGhIjKlMnOpQrStUvWxYz0123456789',
  plan_expires_at: '2026-11-29T12:16:00.000Z',
  steps: [
    { name: 'create_droplet', does: 'Creates the droplet', reversible: true, undo: 'Destroys it', calls: { min: 1, typical: 1 } },
    {
      name: 'await_active',
      does: 'Waits until the droplet is active with a public address',
      reversible: true,
      undo: null,
      calls: { min: 0, typical: 6 },
    },
  ],
  creates: [
    {
      kind: 'droplet',
      name: 'acme-web-02',
      size_slug: 's-1vcpu-1gb',
      region: 'fra1',
      price: { hourly: '0.00893', monthly: '6.00', currency: 'USD', source: 'catalog', as_of: '2026-11-29T06:00:00.000Z', note: null },
    },
  ],
  cost: { ...NO_COST, after_monthly: '6.00', delta_monthly: '6.00', delta_hourly: '0.00893' },
  downtime: { expected: false, why: null, typical_seconds: 0 },
  ...UNUSED,
  holds: [],
};

/** The same for a revert that another saga stands in the way of. */
export const DRIFT_PLAN_EXAMPLE: DriftPlanResponse = {
  resource_id: '01a1fd98-66e6-77f8-ac69-c9551e21836d',
  field: 'name',
  from: 'acme-web-2',
  to: 'acme-web-02',
  kind: 'revert_droplet',
  plan_hash: '3q2-7wAAbCdEfGhIjKlMnOpQrStUvWxYz0123456789',
  plan_expires_at: '2026-11-29T12:16:00.000Z',
  steps: [
    {
      name: 'rename',
      does: 'Renames the droplet to acme-web-02',
      reversible: true,
      undo: 'Restores the previous value',
      calls: { min: 3, typical: 8 },
    },
  ],
  creates: [],
  ...UNUSED,
  changes: [
    { resource_id: '01a1fd98-66e6-77f8-ac69-c9551e21836d', name: 'acme-web-2', field: 'name', from: 'acme-web-2', to: 'acme-web-02' },
  ],
  cost: { ...NO_COST, before_monthly: '6.00', after_monthly: '6.00', delta_monthly: '0.00', delta_hourly: '0.00' },
  downtime: { expected: false, why: null, typical_seconds: 0 },
  holds: ['droplet:572017345'],
  refused: { status: 409, code: 'resource_busy', detail: 'Another saga is at work on droplet:572017345: try again when it has ended' },
};
