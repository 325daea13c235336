import { connect } from 'node:net';
import { Body, Controller, Get, Post, Query, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IsString } from 'class-validator';
import request from 'supertest';
import type { Config } from '#libs/config';
import { signGuardianToken, type Principal } from '#libs/identity';
import { CurrentPrincipal, Public, RequirePlatformAdmin, RequireTenantOrAdmin } from '../../../apps/api/src/auth/access.decorator';
import { createApi } from '../../../apps/api/src/api-app';
import { ApiModule } from '../../../apps/api/src/api.module';
import { PageQuery } from '../../../apps/api/src/http/http.dto';
import { JWT_SECRET, NO_DATABASE, testConfig } from '../../support/settings';

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

class NoteBody {
  @IsString()
  readonly text: string;
}

@Controller('api/probe')
class ProbeController {
  @Get('whoami')
  @RequireTenantOrAdmin()
  whoami(@CurrentPrincipal() by: Principal) {
    return { ...by };
  }

  @Get('admin')
  @RequirePlatformAdmin()
  admin() {
    return {};
  }

  @Get('page')
  @Public()
  page(@Query() { limit, cursor }: PageQuery) {
    return { limit, cursor };
  }

  @Post('notes')
  @Public()
  note(@Body() { text }: NoteBody) {
    return { text };
  }

  @Get('bug')
  @Public()
  bug() {
    throw new Error('select * from secrets where password = /etc/passwd');
  }
}

@Controller('api/open-by-mistake')
class ForgetfulController {
  @Get()
  all() {
    return [];
  }
}

const config = (env: NodeJS.ProcessEnv = {}) => testConfig({ DATABASE_URL: NO_DATABASE, PORT: '0', ...env });
const withProbe = (of: Config, controller: Type = ProbeController) =>
  createApi(of, { module: class ProbeModule {}, imports: [ApiModule.forRoot(of)], controllers: [controller] });

let app: NestExpressApplication;
let log: jest.SpyInstance;
const http = () => request(app.getHttpServer());
const as = (token: object) => ({ authorization: `Bearer ${signGuardianToken(JWT_SECRET, { sub: 'user-1', ...token })}` });

beforeAll(async () => {
  app = await withProbe(config({ CORS_ORIGINS: 'https://desk.example.com' }));
  // The gate waits for a schema that this file has not got; what is behind it is not its subject.
  await app.listen(0, '127.0.0.1');
});
beforeEach(() => {
  log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => log.mockRestore());
afterAll(() => app.close());

describe('health', () => {
  it('is alive without a database and returns its version [OPS-6]', async () => {
    const { body, headers } = await http().get('/api/health').expect(200);
    expect(body).toEqual({ status: 'ok', service: 'arcadia-cloud', version: config().version });
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('is not ready without a database and names the missing dependencies [OPS-6]', async () => {
    const { body, headers } = await http().get('/api/health/ready').expect(503);
    expect(headers).toMatchObject({ 'content-type': expect.stringContaining('application/problem+json') as string, 'retry-after': '1' });
    expect(body).toMatchObject({ status: 503, code: 'not_ready', checks: { database: 'down', queues: 'down' } });
  });

  it('refuses routes that need the schema until it exists, after it has checked the token [OPS-5]', async () => {
    await http().get('/api/probe/whoami').expect(401);
    const { body } = await http()
      .get('/api/probe/whoami')
      .set(as({ tenantId: 'acme' }))
      .expect(503);
    expect(body).toMatchObject({ code: 'not_ready', checks: { database: 'schema_missing' } });
  });
});

describe('access rules', () => {
  it('refuses to start when a handler declares no access rule [TEN-3]', async () => {
    const forgetful = await withProbe(config(), ForgetfulController);
    await expect(forgetful.init()).rejects.toThrow('ForgetfulController.all');
    await forgetful.close();
  });

  it('returns 401 with a challenge without a token and for an invalid one [TEN-3]', async () => {
    const missing = await http().get('/api/probe/admin').expect(401);
    expect(missing.headers['www-authenticate']).toBe('Bearer');
    expect(missing.body).toMatchObject({ type: 'about:blank', title: 'Unauthorized', status: 401, code: 'unauthenticated' });
    await http().get('/api/probe/admin').set('authorization', 'Bearer x.y.z').expect(401);
    await http().get('/api/probe/admin').set('authorization', 'Basic YTpi').expect(401);
  });

  it('returns 403 to tenants on routes of admins, and to tokens without scope on every route [TEN-3]', async () => {
    expect(
      (
        await http()
          .get('/api/probe/admin')
          .set(as({ tenantId: 'acme' }))
          .expect(403)
      ).body,
    ).toMatchObject({ code: 'platform_admin_required' });
    expect((await http().get('/api/probe/whoami').set(as({})).expect(403)).body).toMatchObject({ code: 'no_scope' });
  });
});

describe('failures are problem documents (RFC 9457)', () => {
  const post = () => http().post('/api/probe/notes').set('content-type', 'application/json');

  it.each([
    ['an unknown route', () => http().get('/api/nothing/here'), 404, 'route_not_found'],
    ['an address outside the api', () => http().get('/robots.txt'), 404, 'route_not_found'],
    ['a wrong method', () => http().delete('/api/health'), 405, 'method_not_allowed'],
    ['a malformed address', () => http().get('/api/docs/%zz'), 400, 'malformed_request'],
    ['malformed JSON', () => post().send('{"text": '), 400, 'malformed_request'],
    ['JSON that is no object', () => post().send('[1]'), 400, 'validation_failed'],
    [
      'a body of text',
      () => http().post('/api/probe/notes').set('content-type', 'text/plain').send('text=1'),
      415,
      'unsupported_media_type',
    ],
    ['a form', () => http().post('/api/probe/notes').type('form').send({ text: 'x' }), 415, 'unsupported_media_type'],
    [
      'an unknown charset',
      () => http().post('/api/probe/notes').set('content-type', 'application/json; charset=x-klingon').send('{}'),
      415,
      'unsupported_media_type',
    ],
    ['an unknown encoding', () => post().set('content-encoding', 'zstd-9').send('{}'), 415, 'unsupported_media_type'],
    ['a body over 100 kB', () => post().send({ text: 'x'.repeat(103_000) }), 413, 'body_too_large'],
    ['a missing field', () => post().send({}), 400, 'validation_failed'],
    ['a bug', () => http().get('/api/probe/bug'), 500, 'internal'],
  ])('returns a problem for %s', async (_what, send, status, code) => {
    const { body, headers } = await send().expect(status);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: 'about:blank',
      title: expect.any(String),
      status,
      code,
      detail: expect.any(String),
      request_id: headers['x-request-id'],
    });
  });

  it('returns no detail of an unexpected error and logs it under the same request id [TEN-10]', async () => {
    const { text, body } = await http().get('/api/probe/bug').expect(500);
    expect(text).not.toMatch(/select|passwd|\.ts|stack|Error:/);
    const logged = log.mock.calls.map(([line]) => String(line)).join('');
    expect(logged).toContain((body as { request_id: string }).request_id);
    expect(logged).toContain('select * from secrets');
  });

  it('names the allowed methods of an address', async () => {
    const { headers } = await http().put('/api/health/ready').expect(405);
    expect(headers['allow']).toBe('GET, HEAD');
  });

  it('returns a problem for malformed HTTP and for headers over 16 kB', async () => {
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"malformed_request"/);
    expect(await raw(`GET /api/health HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [\s\S]*"code":"headers_too_large"/,
    );
  });
});

describe('request ids', () => {
  it.each(['f3a9c1d2-1111', 'trace:0123456789abcdef', 'A_b.c-'.padEnd(128, '0')])('keeps the well-formed %s', async (id) => {
    expect((await http().get('/api/health').set('x-request-id', id)).headers['x-request-id']).toBe(id);
  });

  it.each(['short', 'with blank in it', 'ünïcode-ünïcode', '"quoted-quoted"', 'x'.repeat(129)])('replaces the malformed %s', async (id) => {
    const { body, headers } = await http().get('/api/nothing').set('x-request-id', Buffer.from(id, 'utf8').toString('latin1'));
    expect(headers['x-request-id']).toMatch(UUID);
    expect(body).toMatchObject({ request_id: headers['x-request-id'] });
  });
});

describe('documented input only [TEN-5]', () => {
  const page = (query: string) => http().get(`/api/probe/page${query}`);

  it('uses a limit of 50 when none is given', async () => {
    expect((await page('').expect(200)).body).toEqual({ limit: 50 });
    expect((await page('?limit=200').expect(200)).body).toEqual({ limit: 200 });
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=201', 'limit'],
    ['?limit=-1', 'limit'],
    ['?limit=1.5', 'limit'],
    ['?limit=1e1', 'limit'],
    ['?limit=', 'limit'],
    ['?limit=%2010', 'limit'],
    ['?limit=99999999999999999999', 'limit'],
    ['?limit=1&limit=2', 'limit'],
    ['?limit[]=1', 'limit[]'],
    ['?cursor=', 'cursor'],
    ['?cursor=a%00b', 'cursor'],
    ['?cursor=a&cursor=b', 'cursor'],
    [`?cursor=${'a'.repeat(1_025)}`, 'cursor'],
    ['?offset=1', 'offset'],
    ['?__proto__=1', '__proto__'],
    ['?constructor=1', 'constructor'],
    ['?toString=1', 'toString'],
    ['?hasOwnProperty=1', 'hasOwnProperty'],
  ])('refuses %s', async (query, field) => {
    const { body } = await page(query).expect(400);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field }] });
  });

  it('refuses every parameter and every body of a route that documents none', async () => {
    expect((await http().get('/api/health?verbose=1').expect(400)).body).toMatchObject({ errors: [{ field: 'verbose' }] });
    await http().get('/api/health').send({ tenant_id: 'acme' }).expect(400);
  });

  it.each([
    ['an unknown field', '{"text":"x","tenant_id":"acme"}'],
    ['a prototype', '{"text":"x","__proto__":{"admin":true}}'],
    ['a constructor', '{"text":"x","constructor":{"prototype":{}}}'],
    ['a NUL', '{"text":"a\\u0000b"}'],
    ['half a surrogate pair', '{"text":"\\ud800"}'],
    ['a list for a text', '{"text":["x"]}'],
    ['endless nesting', `{"text":${'['.repeat(40_000)}${']'.repeat(40_000)}}`],
    ['endless nesting under an unknown field', `{"text":"x","y":${'{"z":'.repeat(15_000)}1${'}'.repeat(15_000)}}`],
    ['thousands of unknown fields', JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field_${i}`, 1])))],
  ])('refuses %s in a body', async (_what, body) => {
    const answer = await http().post('/api/probe/notes').set('content-type', 'application/json').send(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'validation_failed' });
    expect(answer.text.length).toBeLessThan(10_000);
  });
});

describe('CORS', () => {
  it('allows configured origins only', async () => {
    const asked = (origin: string) => http().options('/api/health').set({ origin, 'access-control-request-method': 'GET' });
    expect((await asked('https://desk.example.com')).headers['access-control-allow-origin']).toBe('https://desk.example.com');
    expect((await asked('https://forger.example.com')).headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('sends no CORS header when no origin is configured', async () => {
    const closed = await withProbe(config());
    await closed.init();
    const { headers } = await request(closed.getHttpServer()).get('/api/health').set('origin', 'https://desk.example.com').expect(200);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    await closed.close();
  });
});

/** What comes back for bytes that no HTTP client would send. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = app.getHttpServer().address() as { port: number };
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
