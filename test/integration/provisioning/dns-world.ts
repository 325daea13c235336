import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';

export interface StoredRecord {
  id: number;
  type: string;
  name: string;
  data: string;
  ttl: number;
  priority: number | null;
  port: number | null;
  weight: number | null;
  flags: number | null;
  tag: string | null;
}

export const ZONE = 'shop.example';
export const RECORDS = `/v2/domains/${ZONE}/records`;
export const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;

/** A world with a zone of acme and a zone of no tenant, without records. */
export async function newDnsWorld(): Promise<ProvisioningWorld> {
  const world = await newProvisioningWorld();
  await world.simulator.change({
    domains: [{ name: ZONE }, { name: 'stranger.example' }],
    members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }],
  });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
  return world;
}

/** What the tests do with the records of the zone. */
export function recordsOf(worldNow: () => ProvisioningWorld) {
  const setRecords = (...records: Partial<StoredRecord>[]) =>
    worldNow().simulator.change({ domain_records: records.map((record, nth) => ({ id: 1_800_000_000 + nth, domain: ZONE, ...record })) });
  const zone = async () =>
    ((await worldNow().simulator.account()) as { domain_records: StoredRecord[] }).domain_records
      .map(({ type, name, data, ttl }) => `${type} ${name} ${data} ${ttl}`)
      .sort((a, b) => (a < b ? -1 : 1));
  const upsert = (type: string, name: string, data: string, more: Record<string, unknown> = {}) =>
    worldNow().run('upsert_dns_record', { dns_domain: ZONE, dns_record_type: type, dns_record_name: name, dns_record_data: data, ...more });
  const record = (type: string, name: string, data: string, more: Record<string, unknown> = {}) => ({
    dns_domain: ZONE,
    dns_record_type: type,
    dns_record_name: name,
    dns_record_data: data,
    ...more,
  });
  const remove = (type: string, name: string, data: string) =>
    worldNow().run('delete_dns_record', { dns_domain: ZONE, dns_record_type: type, dns_record_name: name, dns_record_data: data });
  /** Cancels a saga while the provider blocks its write, unblocks the write, and waits for the end of the saga. */
  const cancelDuringWrite = async (kind: string, input: Record<string, unknown>) => {
    const id = await worldNow().start(kind, input);
    await until(async () => (await worldNow().simulator.held()) === 1, { what: 'the blocked write' });
    await worldNow().controls.cancel(PLATFORM, id, ADMIN);
    await worldNow().simulator.faults([]);
    worldNow().engine.wake();
    return worldNow().ended(id);
  };
  return { setRecords, zone, upsert, record, remove, cancelDuringWrite };
}
