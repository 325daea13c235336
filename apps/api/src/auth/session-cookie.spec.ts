import type { Request, Response } from 'express';
import type { Config } from '#libs/config';
import { signGuardianToken } from '#libs/identity';
import { SessionCookie } from './session-cookie';

const SECRET = 'a-secret-of-tests-that-is-long-enough-for-hs512-and-is-used-nowhere-else';
const identity = { jwtSecret: () => SECRET, leewayS: 5 };
const cookieOf = (production: boolean) => new SessionCookie({ production, identity } as unknown as Config);
const TOKEN = signGuardianToken(SECRET, { sub: 'tom', tenantId: 'acme' });
const requestWith = (headers: Record<string, string>, method = 'GET') => ({ headers, method }) as unknown as Request;

it.each([
  { production: true, name: '__Host-arcadia' },
  { production: false, name: 'arcadia' },
])(
  'names the cookie $name where production is $production, for this host, for every path and out of reach of scripts',
  ({ production, name }) => {
    const cookie = cookieOf(production);
    const set = jest.fn();
    cookie.set({ cookie: set } as unknown as Response, TOKEN, cookie.sessionOf(TOKEN));
    expect(set).toHaveBeenCalledWith(
      name,
      TOKEN,
      expect.objectContaining({ httpOnly: true, sameSite: 'strict', path: '/', secure: production }),
    );
  },
);

it('makes the token of the cookie that of the request, unless a header is there, when nobody is signed in at all [TEN-1]', () => {
  const request = requestWith({ cookie: `a=b; arcadia=${TOKEN}; c=d` });
  cookieOf(false).authenticate(request);
  expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
  const both = requestWith({ cookie: `arcadia=${TOKEN}`, authorization: `Bearer ${TOKEN}` });
  expect(() => cookieOf(false).authenticate(both)).toThrow('token');
});

it.each([
  ['twice', `arcadia=${TOKEN}; arcadia=${TOKEN}`],
  ['with an empty value', 'arcadia='],
])('takes no token from a cookie that is there %s [TEN-1]', (_how, cookie) => {
  const request = requestWith({ cookie });
  cookieOf(false).authenticate(request);
  expect(request.headers.authorization).toBe('Bearer ');
});

const OURS = { cookie: `arcadia=${TOKEN}`, host: 'cloud.example', origin: 'https://cloud.example', 'x-arcadia-csrf': '1' };

it.each([
  ['without the header of our pages', { 'x-arcadia-csrf': '' }],
  ['from a page of another site', { origin: 'https://evil.example' }],
  ['from a page of the same site', { 'sec-fetch-site': 'same-site' }],
  ['from a page without an origin', { origin: 'null' }],
])('refuses a change with the cookie %s [TEN-1]', (_from, headers) => {
  const request = requestWith({ ...OURS, ...headers }, 'POST');
  expect(() => cookieOf(false).authenticate(request)).toThrow('origin');
});

it('refuses a change with the cookie and without any origin, and allows one from a page of ours [TEN-1]', () => {
  const { origin: _origin, ...withoutOrigin } = OURS;
  expect(() => cookieOf(false).authenticate(requestWith(withoutOrigin, 'DELETE'))).toThrow('origin');
  const request = requestWith(OURS, 'DELETE');
  cookieOf(false).authenticate(request);
  expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
});

it('refuses a token that a browser would drop without a word, with a sentence', () => {
  const token = signGuardianToken(SECRET, { sub: 'tom', roles: Array.from({ length: 900 }, (_, at) => `role-${at}`) });
  expect(() => cookieOf(false).sessionOf(token)).toThrow(/a browser keeps a cookie of at most 3800/);
});
