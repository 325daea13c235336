// A provider with one invoice of N lines, as CSV only: a million lines are too many to ask for as JSON. Tells its parent its address.
import { createServer } from 'node:http';
import { once } from 'node:events';

const HEADER = 'product,group_description,description,hours,start,end,USD,project_name,category\n';
const DROPLETS = Number(process.env.DROPLETS ?? 20_000);
let lines = 33;

/**
 * The line that the floor of this measurement reads too, except that a host which comes up again is billed for another day: for the same
 * time twice it would be nobody's. Half of the hosts are known.
 */
const lineOf = (n) => {
  const day = `2026-04-${String((Math.floor(n / (DROPLETS * 2)) % 30) + 1).padStart(2, '0')}`;
  return `Droplets,,"host-${n % (DROPLETS * 2)}.example.com (s-1vcpu-1gb, syd1)",720,${day} 00:00:00 +0000,${day} 23:59:59 +0000,$${((n % 900) / 100).toFixed(2)},project-${n % 20},iaas\n`;
};
const cents = () => {
  let sum = 0;
  for (let n = 0; n < lines; n += 1) sum += n % 900;
  return sum;
};
const amount = () => (cents() / 100).toFixed(2);
const json = (response, body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));

const answers = {
  '/v2/account': () => ({ account: { uuid: 'bench', team: { uuid: 'bench', name: 'Bench' } } }),
  '/v2/projects/default': () => ({ project: { owner_uuid: 'bench' } }),
  '/v2/customers/my/billing_history': () => ({ billing_history: [], links: {}, meta: { total: 0 } }),
  '/v2/customers/my/invoices': () => ({
    invoices: [{ invoice_uuid: `bench-${lines}`, invoice_id: String(lines), amount: amount(), invoice_period: '2026-04' }],
    links: {},
    meta: { total: 1 },
  }),
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://bench');
  if (pathname === '/set') {
    lines = Number(searchParams.get('lines'));
    return response.end();
  }
  if (answers[pathname]) return json(response, answers[pathname]());
  if (pathname.endsWith('/csv')) return void sendDocument(response);
  if (pathname.endsWith('/summary')) return json(response, { amount: amount(), taxes: { name: 'Taxes', amount: '0.00' } });
  return json(response, { invoice_items: [], links: {}, meta: { total: lines } });
});

async function sendDocument(response) {
  response.setHeader('content-type', 'text/csv');
  response.write(HEADER);
  for (let from = 0; from < lines; from += 1_000) {
    let text = '';
    for (let n = from; n < Math.min(lines, from + 1_000); n += 1) text += lineOf(n);
    if (!response.write(text)) await once(response, 'drain');
  }
  response.end();
}

server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
