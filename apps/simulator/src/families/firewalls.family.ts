import { list, noContent, ok, sourceOf, type Answer } from '../http/answer';
import { notFound, ProviderRefusal, unprocessable } from '../http/provider-refusal';
import { objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { FirewallRecord } from '../world/records';
import type { World } from '../world/world';

type Rules = Record<string, unknown>[];

/** Firewalls. No project holds them; a PUT replaces everything that it does not send. */
export const firewallsFamily: Family = {
  routes: [
    {
      method: 'GET',
      path: '/v2/firewalls',
      handle: (world) => list('firewalls', sourceOf(world.collections.firewalls.all(), firewallView)),
    },
    {
      method: 'POST',
      path: '/v2/firewalls',
      handle: (world, request) => {
        const fields = readFirewall(world, request);
        const firewall = apply(world, { id: world.random.uuid(), status: 'waiting', created_at: world.now, ...fields });
        return ok({ firewall: firewallView(firewall) }, 202);
      },
    },
    {
      method: 'GET',
      path: '/v2/firewalls/:id',
      handle: (world, request) => ok({ firewall: firewallView(existingFirewall(world, request)) }),
    },
    {
      method: 'PUT',
      path: '/v2/firewalls/:id',
      handle: (world, request) => {
        const known = existingFirewall(world, request);
        return ok({ firewall: firewallView(apply(world, { ...known, ...readFirewall(world, request, known.id) })) });
      },
    },
    {
      method: 'DELETE',
      path: '/v2/firewalls/:id',
      handle: (world, request) => {
        world.collections.firewalls.remove(existingFirewall(world, request).id);
        return noContent;
      },
    },
    { method: 'POST', path: '/v2/firewalls/:id/droplets', handle: (world, request) => changeDroplets(world, request, true) },
    { method: 'DELETE', path: '/v2/firewalls/:id/droplets', handle: (world, request) => changeDroplets(world, request, false) },
  ],
  transitions: {
    firewall_applied: (world, { ref }) => {
      const firewall = world.collections.firewalls.get(String(ref));
      if (firewall !== undefined) world.collections.firewalls.put({ ...firewall, status: 'succeeded' });
    },
  },
};

/** Empty lists come as null. */
function firewallView(firewall: FirewallRecord): Record<string, unknown> {
  const pending = firewall.status === 'waiting' ? firewall.droplet_ids : [];
  const { tags, ...shown } = firewall;
  return {
    ...shown,
    tags: tags.length === 0 ? null : tags,
    pending_changes: pending.map((droplet_id) => ({ droplet_id, removing: false, status: 'waiting' })),
  };
}

function existingFirewall(world: World, { params }: ProviderRequest): FirewallRecord {
  const firewall = world.collections.firewalls.get(params.id ?? '');
  if (firewall === undefined) throw notFound();
  return firewall;
}

function apply(world: World, firewall: FirewallRecord): FirewallRecord {
  world.after('firewall_applied_ms', 'firewall_applied', firewall.id);
  return world.collections.firewalls.put({ ...firewall, status: 'waiting' });
}

function readFirewall(world: World, request: ProviderRequest, ownId?: string) {
  const { name, inbound_rules: inbound, outbound_rules: outbound, droplet_ids: dropletIds, tags } = objectBody(request);
  if (typeof name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9.-]+$/.test(name)) throw unprocessable('name is invalid');
  const rules = { inbound_rules: (inbound ?? []) as Rules, outbound_rules: (outbound ?? []) as Rules };
  if (rules.inbound_rules.length + rules.outbound_rules.length === 0) throw unprocessable('at least one rule is required');
  if (world.collections.firewalls.all().some((firewall) => firewall.name === name && firewall.id !== ownId))
    throw new ProviderRefusal('conflict', 'duplicate name');
  return { name, ...rules, droplet_ids: (dropletIds ?? []) as number[], tags: (tags ?? []) as string[] };
}

function changeDroplets(world: World, request: ProviderRequest, adding: boolean): Answer {
  const firewall = existingFirewall(world, request);
  const { droplet_ids: ids } = objectBody(request);
  if (!Array.isArray(ids)) throw unprocessable('droplet_ids is required');
  const others = firewall.droplet_ids.filter((id) => !ids.includes(id));
  apply(world, { ...firewall, droplet_ids: adding ? [...others, ...ids.map(Number)] : others });
  return noContent;
}
