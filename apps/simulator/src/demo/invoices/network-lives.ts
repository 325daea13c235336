import { settled, type BilledAccount } from './billed-account';
import type { Life } from './life';
import { BALANCER_CENTS, UNUSED_IP_CENTS } from './rates';

/** Addresses that nothing uses, load balancers, clusters; those without a time of their own since they came to their project. */
export function networkLives({ state, ownerOf, projects }: BilledAccount): Life[] {
  const joined = new Map(state.members.map(({ urn, assigned_at }) => [urn, Date.parse(assigned_at)]));
  const present = (
    fields: Omit<Life, 'exists' | 'fromMs' | 'toMs' | 'owners' | 'parts'>,
    urn: string,
    parts: [string, number][],
    fromMs = joined.get(urn) ?? -Infinity,
  ): Life[] => {
    const owners = settled(ownerOf(urn));
    return parts.map(([description, monthlyCents]) => {
      return { ...fields, exists: true, fromMs, toMs: Infinity, owners, parts: [{ fromMs, description, monthlyCents }] };
    });
  };
  const clusters = state.members.filter(({ urn, status }) => status === 'ok' && /^do:(dbaas|kubernetes):/.test(urn));
  return [
    ...state.floating_ips
      .filter(({ droplet_id }) => droplet_id === null)
      .flatMap(({ ip }) => {
        const fields = { kind: 'floating_ip', product: 'Floating IPs', ids: {}, providerId: ip };
        return present(fields, `do:floatingip:${ip}`, [[`Unused Floating IP - ${ip}`, UNUSED_IP_CENTS]]);
      }),
    ...state.load_balancers.flatMap(({ id, name, size_unit, created_at }) => {
      const fields = { kind: 'load_balancer', product: 'Load Balancers', ids: { resource_uuid: id }, providerId: id };
      return present(fields, `do:loadbalancer:${id}`, [[`${name} (lb-small)`, BALANCER_CENTS * size_unit]], Date.parse(created_at));
    }),
    ...clusters.flatMap(({ urn, project_id }) => {
      const [, type = '', id = ''] = urn.split(':');
      const tenant = projects.find((project) => project.id === project_id)?.tenant ?? 'agency';
      const of = { ids: { resource_uuid: id }, providerId: id };
      if (type === 'dbaas')
        return present({ ...of, kind: 'managed_db', product: 'Database Clusters', group: `${tenant}-db` }, urn, [
          [`${tenant}-db (db-s-1vcpu-2gb)`, 3_000],
        ]);
      const pools: [string, number][] = [
        [id.replaceAll('-', ''), 4_800],
        [`${id.replaceAll('-', '')}-burst`, 2_400],
      ];
      return present({ ...of, kind: 'k8s_cluster', product: 'Kubernetes Clusters', group: `${tenant}-cluster, main` }, urn, pools);
    }),
  ];
}
