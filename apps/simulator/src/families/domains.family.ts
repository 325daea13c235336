import { list, noContent, ok, sourceOf } from '../http/answer';
import { notFound, unprocessable } from '../http/provider-refusal';
import { objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { DomainRecord } from '../world/records';
import type { World } from '../world/world';
import { firstRecords, recordsOf } from './domain-records.family';
import { leaveProject, placeInProject } from './project-place';
import { zoneFile } from './zone-file';

const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** Domains, told apart without regard to case. The zone file appears a little after the domain, and follows its records as late. */
export const domainsFamily: Family = {
  routes: [
    {
      method: 'GET',
      path: '/v2/domains',
      handle: (world) =>
        list(
          'domains',
          sourceOf(world.collections.domains.all(), (domain) => domain),
        ),
    },
    {
      method: 'POST',
      path: '/v2/domains',
      handle: (world, request) => {
        const { name: sent, ip_address: ipAddress } = objectBody(request);
        if (typeof sent !== 'string' || !NAME.test(sent)) throw unprocessable('Name is not a valid domain name');
        const name = sent.toLowerCase();
        if (world.collections.domains.get(name) !== undefined) throw unprocessable(`domain '${name}': name already exists`);
        const domain = world.collections.domains.put({ name, ttl: 1800, zone_file: null });
        firstRecords(world, name, ipAddress);
        world.after('zone_file_ms', 'zone_written', name);
        placeInProject(world, `do:domain:${name}`, undefined);
        return ok({ domain }, 201);
      },
    },
    { method: 'GET', path: '/v2/domains/:name', handle: (world, request) => ok({ domain: existingDomain(world, request) }) },
    {
      method: 'DELETE',
      path: '/v2/domains/:name',
      handle: (world, request) => {
        const { name } = existingDomain(world, request);
        for (const { id } of recordsOf(world, name)) world.collections.domain_records.remove(id);
        world.collections.domains.remove(name);
        leaveProject(world, `do:domain:${name}`);
        return noContent;
      },
    },
  ],
  transitions: {
    zone_written: (world, { ref }) => {
      const domain = world.collections.domains.get(String(ref));
      if (domain !== undefined)
        world.collections.domains.put({ ...domain, zone_file: zoneFile(domain.name, recordsOf(world, domain.name)) });
    },
  },
};

function existingDomain(world: World, { params }: ProviderRequest): DomainRecord {
  const domain = world.collections.domains.get((params.name ?? '').toLowerCase());
  if (domain === undefined) throw notFound();
  return domain;
}
