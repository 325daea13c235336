import { scopeOf } from './principal';

it('gives a platform admin all rows and a tenant its own rows', () => {
  expect(scopeOf({ sub: 'ops', role: 'platform_admin' })).toEqual({ kind: 'platform' });
  expect(scopeOf({ sub: 'user', role: 'tenant', tenantId: 'acme' })).toEqual({ kind: 'tenant', tenantId: 'acme' });
});

it('refuses a tenant without an id instead of widening its scope [TEN-2]', () => {
  expect(() => scopeOf({ sub: 'user', role: 'tenant' })).toThrow(TypeError);
  expect(() => scopeOf({ sub: 'user', role: 'tenant', tenantId: '' })).toThrow(TypeError);
});
