import { DatabaseError } from 'pg';
import { isServerFailure } from './database.errors';

const failure = (code: string) => Object.assign(new DatabaseError('failed', 6, 'error'), { code });

it.each(['XX000', 'XX001', '58030', '55000', '57000', '54000', '25006', '28P01', '3D000', 'F0000', ''])(
  'takes SQLSTATE %j for a failure of the server, which may pass (F) [OPS-3]',
  (code) => expect(isServerFailure(failure(code))).toBe(true),
);

it.each(['0A000', '21000', '22012', '23505', '25001', '2BP01', '34000', '42501', '42P01', '44000', 'P0001'])(
  'takes SQLSTATE %s for a fault of the statement, which a repetition does not mend',
  (code) => expect(isServerFailure(failure(code))).toBe(false),
);

it('takes no other error for a failure of the server', () => expect(isServerFailure(new Error('connection lost'))).toBe(false));
