import type { DomainRecordEntry } from '../world/records';

type Entry = Omit<DomainRecordEntry, 'id'>;

/** What the zone of a small firm holds: site, mail, two texts at the apex, and the shop's answer on two machines. */
export function demoRecords(domain: string, addresses: readonly string[]): Entry[] {
  const base = { domain, priority: null, port: null, weight: null, flags: null, tag: null, ttl: 1800 };
  const [first = '203.0.113.10', second = first] = addresses;
  const mail = ['aspmx.l.google.com', 'alt1.aspmx.l.google.com'];
  return [
    { ...base, type: 'SOA', name: '@', data: '1800' },
    ...[1, 2, 3].map((nth) => ({ ...base, type: 'NS', name: '@', data: `ns${nth}.digitalocean.com` })),
    { ...base, type: 'A', name: '@', data: first },
    { ...base, type: 'CNAME', name: 'www', data: '@' },
    { ...base, type: 'A', name: 'shop', data: first, ttl: 300 },
    { ...base, type: 'A', name: 'shop', data: second === first ? '203.0.113.11' : second, ttl: 300 },
    ...mail.map((data, nth) => ({ ...base, type: 'MX', name: '@', data, priority: 1 + nth * 4, ttl: 3600 })),
    { ...base, type: 'TXT', name: '@', data: 'v=spf1 include:_spf.google.com ~all', ttl: 3600 },
    { ...base, type: 'TXT', name: '@', data: `google-site-verification=${domain.replace(/\W/g, '')}`, ttl: 3600 },
    { ...base, type: 'CAA', name: '@', data: 'letsencrypt.org', flags: 0, tag: 'issue', ttl: 3600 },
  ];
}
