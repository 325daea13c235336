import { Failure, failureText } from './failure';

describe('the text of a failure', () => {
  const refused = (message: string, ...errors: { field: string; message: string }[]) =>
    failureText(new Failure(2, message, 'validation_failed', 'r1', errors));

  it('names a wrong field once when the sentence of the API is about it', () => {
    const field = { field: 'since', message: 'since must be an RFC 3339 time' };
    expect(refused('since must be an RFC 3339 time', field)).toBe(
      'arcadia: since must be an RFC 3339 time (validation_failed, request r1)\n',
    );
  });

  it('names the field of a message that does not begin with it', () => {
    expect(refused('2 fields are wrong', { field: 'name', message: 'is missing' }, { field: 'id', message: 'id must be a UUID' })).toBe(
      'arcadia: 2 fields are wrong (validation_failed, request r1)\n  name is missing\n  id must be a UUID\n',
    );
  });
});
