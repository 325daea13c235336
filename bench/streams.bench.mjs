// STREAMS=1000 idle streams of one api process: memory of each. Then EVENTS_PER_S=100 events for SECONDS=20 with a worker and RECEIVERS=5 receivers
// on this host: time from an event to a stream and to a webhook (docs/measurements.md E2).
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { pgClient, report, round, startDatabase } from './stage.mjs';

const require = createRequire(import.meta.url);
const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { signGuardianToken } = require(root('dist/libs/platform/identity/src/index.js'));

const STREAMS = Number(process.env.STREAMS ?? 1_000);
const EVENTS_PER_S = Number(process.env.EVENTS_PER_S ?? 100);
const SECONDS = Number(process.env.SECONDS ?? 20);
const RECEIVERS = Number(process.env.RECEIVERS ?? 5);
const JWT_SECRET = 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all';
const API_PORT = 20_105;
const WORKER_PORT = 20_106;
const TOKEN = signGuardianToken(JWT_SECRET, { sub: 'bench', roles: ['platform_admin'] });
const API = `http://127.0.0.1:${API_PORT}/api/v1`;
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function startProcess(app, env, healthUrl) {
  const child = spawn(process.execPath, ['--expose-gc', root(`dist/apps/${app}/src/main.js`)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (
    !(await fetch(healthUrl).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await pause(200);
  return child;
}

const rssKb = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

async function openStream(onEvent) {
  const sent = request(`${API}/events/stream`, { headers, agent: false }).end();
  const [answer] = await once(sent, 'response');
  answer.setEncoding('utf8').on('data', (text) => {
    for (const [, json] of text.matchAll(/^data: (.*)$/gm)) onEvent(JSON.parse(json));
  });
}

const p = (values, share) => round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);

const server = await startDatabase();
const owner = pgClient(server.ownerUrl);
await owner.connect();
const common = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'warn',
  JWT_SECRET,
  DATABASE_URL: server.appUrl,
  SECRETS_KEY: randomBytes(32).toString('base64'),
};
const api = await startProcess('api', { ...common, PORT: String(API_PORT) }, `http://127.0.0.1:${API_PORT}/api/health/ready`);
const worker = await startProcess(
  'worker',
  { ...common, WORKER_PORT: String(WORKER_PORT) },
  `http://127.0.0.1:${WORKER_PORT}/health/ready`,
);

await openStream(() => undefined);
await fetch(`${API}/events`, { headers });
await pause(2_000);
const before = rssKb(api);
const streamed = [];
for (let opened = 0; opened < STREAMS; opened += 50) {
  await Promise.all(
    Array.from({ length: 50 }, (_, nth) =>
      openStream(nth + opened === 0 ? ({ at }) => streamed.push(Date.now() - Date.parse(at)) : () => undefined),
    ),
  );
}
await pause(20_000); // heartbeats, and what was needed to open them is collected
report('streams', {
  target: 'E2',
  streams: STREAMS,
  kb_per_stream: round((rssKb(api) - before) / STREAMS),
  listening: (await owner.query(`select count(*)::int as n from pg_stat_activity where application_name = 'arcadia-cloud events'`)).rows[0]
    .n,
});

const delivered = [];
const receiver = createServer((incoming, response) => {
  let body = '';
  incoming
    .setEncoding('utf8')
    .on('data', (text) => (body += text))
    .on('end', () => {
      delivered.push(Date.now() - Date.parse(JSON.parse(body).timestamp));
      response.writeHead(204).end();
    });
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
for (let nth = 0; nth < RECEIVERS; nth += 1) {
  const body = JSON.stringify({ url: `http://127.0.0.1:${receiver.address().port}/${nth}`, types: ['*'] });
  await fetch(`${API}/webhooks`, { method: 'POST', headers, body });
}
for (let nth = 0; nth < EVENTS_PER_S * SECONDS; nth += 10) {
  await owner.query(
    `insert into events (type, source, subject_type, subject_id) select 'tenant.changed', 'bench', 'tenant', 'x' from generate_series(1, 10)`,
  );
  await pause(10_000 / EVENTS_PER_S);
}
while (delivered.length < EVENTS_PER_S * SECONDS * RECEIVERS) await pause(200);
report('streams', {
  target: 'E2',
  events_per_s: EVENTS_PER_S,
  receivers: RECEIVERS,
  webhook_p50_ms: p(delivered, 0.5),
  webhook_p95_ms: p(delivered, 0.95),
  stream_p50_ms: p(streamed, 0.5),
  stream_p95_ms: p(streamed, 0.95),
});

api.kill('SIGTERM');
worker.kill('SIGTERM');
await Promise.all([once(api, 'exit'), once(worker, 'exit')]);
receiver.closeAllConnections();
receiver.close();
await owner.end();
await server.stop();
process.exit(0);
