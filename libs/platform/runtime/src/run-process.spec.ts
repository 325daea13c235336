import { startFailure } from './run-process';

it.each([
  [
    Object.assign(new Error('x'), { code: 'EADDRINUSE', address: '127.0.0.1', port: 4005 }),
    'Port 4005 on 127.0.0.1 is already in use; set PORT to another one.',
  ],
  [
    Object.assign(new Error('x'), { code: 'EADDRINUSE', address: '127.0.0.1', port: 4007, portVariable: 'METRICS_PORT' }),
    'Port 4007 on 127.0.0.1 is already in use; set METRICS_PORT to another one.',
  ],
  [Object.assign(new Error('x'), { code: 'EACCES', port: 80 }), 'Port 80 may not be opened by this user; set PORT to another one.'],
  ['no error', 'arcadia-cloud api could not start'],
])('names the reason of a failed start in one sentence', (error, sentence) => {
  expect(startFailure(error, 'api', 'PORT')).toBe(sentence);
});

it('prints an unexpected failure with its stack and without a login [TEN-8]', () => {
  const message = startFailure(new Error('cannot open postgres://arcadia_app:hunter2@db/arcadia'), 'api', 'PORT');
  expect(message).toMatch(/could not start: Error: cannot open postgres:\/\/\[login\]@db/);
  expect(message).not.toContain('hunter2');
});
