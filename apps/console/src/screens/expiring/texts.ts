/** Every text of the list of what expires. */
export const TEXTS = {
  title: 'What expires',
  sub: 'Certificates, and versions of databases that the provider will stop supporting. What ends first is first.',
  heads: { name: 'Name', what: 'What', names: 'For', left: 'Days left', on: 'On', owner: 'Owner', how: 'What to do' },
  kinds: { certificate: 'Certificate', managed_db: 'Database version' } as Readonly<Record<string, string>>,
  totals: (all: number, soon: number) => `${all === 1 ? '1 end' : `${all} ends`} known, ${soon === 0 ? 'none' : soon} within 30 days`,
  expired: (days: number) => (days === 0 ? 'Expired today' : days === 1 ? 'Expired yesterday' : `Expired ${days} days ago`),
  days: (days: number) => (days === 1 ? '1 day' : `${days} days`),
  how: {
    lets_encrypt: 'The provider renews it by itself',
    custom: 'Upload a new one, and put it in its place',
    managed_db: 'Upgrade to a later version',
  } as Readonly<Record<string, string>>,
  filters: { tenant_id: 'owner', kind: 'what' },
  empty: { title: 'Nothing expires', hint: 'Certificates and database versions appear here once they have been seen at the provider.' },
};
