import { tenantInDescription } from './project-mirror';

it.each([
  ['tenant:acme', 'acme'],
  ['Shop and blog, tenant:acme', 'acme'],
  ['For tenant:acme. Do not touch', 'acme'],
  ['(tenant:big-co.uk)', 'big-co.uk'],
  ['tenant:a', 'a'],
  ['subtenant:acme', null],
  ['tenant: acme', null],
  ['', null],
  [`tenant:${'x'.repeat(65)}`, null],
])('reads the tenant of the description "%s" as %s', (description, tenant) => {
  expect(tenantInDescription(description)).toBe(tenant);
});
