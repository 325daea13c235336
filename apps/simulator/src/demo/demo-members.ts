import type { MemberRecord, MemberStatus } from '../world/records';
import type { SeededRandom } from '../world/random';

const TLDS = ['com', 'com.au', 'io'];

/** What belongs to one project besides its droplets; `nth` is the project's number, `round` counts up in larger accounts. */
export function demoUrns(random: SeededRandom, owner: string, nth: number, round: number): { urn: string; status?: MemberStatus }[] {
  const uuid = (kind: string): string => `do:${kind}:${random.uuid()}`;
  const site = round === 0 ? owner : `${owner}-${round + 1}`;
  const address = `174.${138 + (round >> 7)}.${(100 + nth + 12 * round) % 256}.${10 + nth + (round % 128)}`;
  const urns = [
    `do:domain:${site}.${TLDS[nth % TLDS.length]}`,
    `do:space:${site}-assets`,
    uuid('volume'),
    ...(nth % 2 === 0 ? [`do:domain:${site}-mail.net`, uuid('loadbalancer'), `do:floatingip:${address}`] : []),
    ...(nth % 3 === 0 ? [uuid('dbaas'), `do:space:${site}-backups`] : []),
    ...(nth % 4 === 1 ? [uuid('app'), uuid('volume')] : []),
    ...(nth % 5 === 2 ? [uuid('kubernetes')] : []),
    ...(nth % 3 === 1 ? [uuid('volumesnapshot')] : []),
  ];
  return urns.map((urn) => ({ urn }));
}

/** Members that a careless reader stumbles over; they belong to the first client, the bare service failure to the second. */
export function awkwardUrns(random: SeededRandom): { urn: string; status?: MemberStatus }[] {
  return [
    { urn: 'do:reservedipv6:2604:a880:800:14::2e0d:5000' },
    { urn: `do:microdroplet:${random.uuid()}` },
    { urn: 'do:droplet:381220417', status: 'not_found' },
    { urn: `do:dbaas:${random.uuid()}`, status: 'service_down' },
  ];
}

export function memberOf(projectId: string, id: number, urn: string, assigned_at: string, status: MemberStatus = 'ok'): MemberRecord {
  return { id, project_id: projectId, urn, assigned_at, status };
}
