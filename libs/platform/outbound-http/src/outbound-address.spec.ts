import { pbkdf2 } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once, setMaxListeners } from 'node:events';
import { resolverOf } from './outbound-address';

const IPV4 = Buffer.from([1, 1, 1, 1]);
const IPV6 = Buffer.from('26064700000000000000000000001111', 'hex');
const TYPE_AAAA = 28;

/** A name server that answers each question, except those about names that begin with `silent`. */
class NameServer {
  questions = 0;
  private constructor(private readonly socket: Socket) {}

  static async open(): Promise<NameServer> {
    const socket = createSocket('udp4');
    const server = new NameServer(socket);
    socket.on('message', (query, { port, address }) => {
      server.questions += 1;
      const end = query.indexOf(0, 12) + 5;
      const question = query.subarray(12, end);
      if (question.includes('silent')) return;
      const data = question.readUInt16BE(question.length - 4) === TYPE_AAAA ? IPV6 : IPV4;
      const head = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
      const answer = Buffer.from([0xc0, 12, ...question.subarray(-4), 0, 0, 0, 60, 0, data.length]);
      socket.send(Buffer.concat([head, question, answer, data]), port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  close(): void {
    this.socket.close();
  }
}

let server: NameServer;
beforeAll(async () => {
  server = await NameServer.open();
});
afterAll(() => server.close());

it('finds the addresses of both families', async () => {
  const found = await resolverOf([server.address])('hook.example', new AbortController().signal);
  expect(new Set(found)).toEqual(
    new Set([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]),
  );
});

it('finds this host, which no name server knows', async () => {
  const [first] = await resolverOf([server.address])('localhost', new AbortController().signal);
  expect(['127.0.0.1', '::1']).toContain(first?.address);
});

it('needs no thread, and finds a name while others wait for a server that never answers [WHK-1]', async () => {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const resolve = resolverOf([server.address]);
  const waiting = Array.from({ length: 50 }, (_, nth) => resolve(`silent-${nth}.example`, ending.signal).catch((error: unknown) => error));
  let computed = 0;
  const work = Array.from({ length: 32 }, () => new Promise<void>((done) => pbkdf2('a', 'b', 200_000, 32, 'sha256', () => done())));
  for (const one of work) void one.then(() => (computed += 1)); // occupies all threads for seconds
  await expect(resolve('hook.example', ending.signal)).resolves.toHaveLength(2);
  expect(computed).toBeLessThan(work.length / 2);
  ending.abort();
  for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'ECANCELLED' });
  await Promise.all(work);
});
