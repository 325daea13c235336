import { scopeOf } from './principal';

it('gives admins the platform and tenants their own rows', () => {
  expect(scopeOf({ sub: 'ops', role: 'platform_admin' })).toEqual({ kind: 'platform' });
  expect(scopeOf({ sub: 'user', role: 'tenant', tenantId: 'acme' })).toEqual({ kind: 'tenant', tenantId: 'acme' });
});

it('TEN-2: refuses a tenant without an id instead of widening its scope', () => {
  expect(() => scopeOf({ sub: 'user', role: 'tenant' })).toThrow(TypeError);
  expect(() => scopeOf({ sub: 'user', role: 'tenant', tenantId: '' })).toThrow(TypeError);
});
