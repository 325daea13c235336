import { platformConnectionString, serviceConnectionString } from './connection-string';

it.each(['a+b', 'a%2Bb', 'a%20b', 'p%40ss'])('keeps a login with the password %s unchanged', (password) => {
  expect(serviceConnectionString(`postgres://app:${password}@db:5432/arcadia`)).toContain(`//app:${password}@db:5432/arcadia?`);
});

it('sets the role and the scope from the first statement on', () => {
  const url = new URL(platformConnectionString('postgres://app@db/arcadia?sslmode=require'));
  expect(url.searchParams.get('options')).toBe('-c role=arcadia_service -c arcadia.scope=platform -c TimeZone=UTC -c DateStyle=ISO');
  expect(url.searchParams.get('sslmode')).toBe('require');
});

it('keeps start-up settings that the URL contains', () => {
  const url = new URL(serviceConnectionString('postgres://app@db/arcadia?options=-c%20work_mem%3D8MB'));
  expect(url.searchParams.get('options')).toBe('-c work_mem=8MB -c role=arcadia_service -c TimeZone=UTC -c DateStyle=ISO');
});
