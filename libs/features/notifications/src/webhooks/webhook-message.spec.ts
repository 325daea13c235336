import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Config } from '#libs/config';
import { nextStep, MOST_ATTEMPTS, retryAfterMs } from '../delivery/retry-plan';
import { SecretBox } from '../secret-box';
import { newWebhookSecret, signatureOf, webhookBody } from './webhook-message';

const EVENT = {
  sequence: 12,
  id: 'b1d1f7a2-0000-7000-8000-000000000001',
  type: 'saga.failed',
  at: '2026-11-30T00:00:00.000Z',
  tenant_id: 'acme',
  actor: 'operator',
  source: 'saga',
  subject: { type: 'saga', id: 'x', name: 'n'.repeat(100_000), kind: 'provision_droplet' },
  data: { resource_id: 'r', price: '5.00', secret: 'x' },
};

it('signs so that the reference implementation of Standard Webhooks accepts it, with each secret of an overlap', () => {
  const [newer, older] = [newWebhookSecret(), newWebhookSecret()];
  const timestampS = Math.floor(Date.now() / 1_000);
  const body = webhookBody(EVENT);
  const headers = {
    'webhook-id': EVENT.id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatureOf([newer, older], EVENT.id, timestampS, body),
  };
  for (const secret of [newer, older]) expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'saga.failed' });
  expect(() => new Webhook(newWebhookSecret()).verify(body, headers)).toThrow('No matching signature');
  expect(() => new Webhook(newer).verify(`${body} `, headers)).toThrow('No matching signature');
});

it('keeps a body thin: below 20 kB, whatever names are, and without the values of the change', () => {
  const body = webhookBody(EVENT);
  expect(Buffer.byteLength(body)).toBeLessThan(20_000);
  expect(JSON.parse(body)).toMatchObject({ type: 'saga.failed', timestamp: EVENT.at, data: { sequence: 12, resource_id: 'r' } });
  expect(body).not.toMatch(/5\.00|secret/);
});

it('tries ten times in about three days, each pause up to a fifth longer', () => {
  const minutes = (random: number) =>
    Array.from({ length: MOST_ATTEMPTS - 1 }, (_, at) => nextStep(at + 1, undefined, random)).map((step) =>
      step.is === 'retry' ? step.afterMs / 60_000 : 0,
    );
  expect(minutes(0)).toEqual([5 / 60, 5, 30, 120, 300, 600, 840, 1_200, 1_440]);
  expect(minutes(1)[1]).toBe(6);
  expect(nextStep(MOST_ATTEMPTS, undefined, 0)).toEqual({ is: 'given_up' });
});

it.each([
  [1, 60_000, 60_000],
  [2, 60_000, 300_000],
  [1, 10 * 86_400_000, 86_400_000],
])('after attempt %d waits as long as Retry-After asks, a day at most, and never less than the plan', (attempts, asked, afterMs) => {
  expect(nextStep(attempts, asked, 0)).toEqual({ is: 'retry', afterMs });
});

it.each([
  ['120', 120_000],
  ['Mon, 30 Nov 2026 00:01:00 GMT', 60_000],
  ['Sun, 29 Nov 2026 00:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('reads Retry-After %s', (header, expected) => {
  expect(retryAfterMs(header, Date.parse('2026-11-30T00:00:00Z'))).toBe(expected);
});

describe('stored secrets', () => {
  const [oldKey, newKey] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const boxWith = (...keys: readonly string[]) =>
    new SecretBox({
      notifications: { secretsKey: keys.length > 0 ? () => keys.join(',') : undefined } as unknown as Config['notifications'],
    });

  it('can be read with an older key after a rotation, and are written with the newest [WHK-3]', () => {
    const sealed = boxWith(oldKey).seal('whsec_x', 'webhook 1');
    const rotated = boxWith(newKey, oldKey);
    expect(rotated.open(sealed, 'webhook 1')).toBe('whsec_x');
    expect(rotated.keyId).not.toBe(boxWith(oldKey).keyId);
    expect(() => boxWith(newKey).open(sealed, 'webhook 1')).toThrow('SECRETS_KEY');
    expect(boxWith(newKey).open(rotated.seal('whsec_x', 'webhook 1'), 'webhook 1')).toBe('whsec_x');
  });

  it('do not contain the secret, differ each time, and cannot be moved to another row or changed [WHK-3]', () => {
    const box = boxWith(newKey);
    const sealed = box.seal('whsec_x', 'webhook 1');
    expect(sealed).not.toContain('whsec');
    expect(sealed).not.toBe(box.seal('whsec_x', 'webhook 1'));
    expect(() => box.open(sealed, 'webhook 2')).toThrow('SECRETS_KEY');
    expect(() => box.open(`${sealed.slice(0, -4)}AAAA`, 'webhook 1')).toThrow('SECRETS_KEY');
  });

  it('need a key [WHK-3]', () => {
    expect(() => boxWith().seal('x', 'webhook 1')).toThrow('must set SECRETS_KEY');
  });
});
