import { columnsOf, viewOf } from './view-of';

interface Thing {
  readonly id: string;
  readonly tenantId: string | null;
  readonly firstSeenAt: Date;
  readonly deletedAt: Date | null;
  readonly attrs: Record<string, unknown>;
  readonly secret: string;
}

const THING: Thing = {
  secret: 'not a field of the view',
  attrs: { sizeGib: 1 },
  deletedAt: null,
  firstSeenAt: new Date('2026-01-01T00:00:00.5Z'),
  tenantId: null,
  id: '1',
};

it('writes the given fields only, in their order, by the names of their columns and with times in RFC 3339', () => {
  const view = viewOf(THING, ['id', 'tenantId', 'firstSeenAt', 'deletedAt', 'attrs']);
  expect(JSON.stringify(view)).toBe(
    '{"id":"1","tenant_id":null,"first_seen_at":"2026-01-01T00:00:00.500Z","deleted_at":null,"attrs":{"sizeGib":1}}',
  );
});

it('names the columns of fields', () => {
  expect(columnsOf(['id', 'tenantId', 'firstSeenAt'] satisfies (keyof Thing)[])).toBe('id, tenant_id, first_seen_at');
});
