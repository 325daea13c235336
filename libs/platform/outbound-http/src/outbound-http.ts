import { CONFIG, type Config } from '#libs/config';
import { domainError, withTimeout } from '#libs/kernel';
import { Global, Injectable, Module } from '@nestjs/common';
import type { LookupAddress } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { addressProblem, hostOf, isLoopback, isRefused, resolverOf, type Resolve } from './outbound-address';

/** The part of an answer that is read. */
const LONGEST_ANSWER = 64 * 1024;

/** The URL, or the address that its name has, must not be called. */
export class OutboundAddressError extends domainError(
  'outbound_address_refused',
  'invalid',
  (problem: string) => `The address ${problem}`,
) {}

/** No answer: the name has no address, the connection failed, or the time was over. `reason` is a code of the system, such as ECONNREFUSED. */
export class OutboundUnreachableError extends domainError(
  'outbound_unreachable',
  'unavailable',
  (reason: string) => `The address does not answer (${reason})`,
) {
  constructor(readonly reason: string) {
    super(reason);
  }
}

export interface OutboundRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal | undefined;
}

/** The beginning of an answer, whatever its status is. A redirect is an answer: it is not followed. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * The only way to an address that a person typed in. The name is resolved once, every address of it is checked, and the connection goes to
 * the checked address, so a name that changes its answer meanwhile changes nothing. Redirects and proxies are not followed. [WHK-2]
 */
@Injectable()
export class OutboundHttp {
  /** Without keep-alive: a later request must be checked anew. An agent of our own takes no proxy from the environment. */
  private readonly agents = { 'http:': new HttpAgent({ keepAlive: false }), 'https:': new HttpsAgent({ keepAlive: false }) };
  private readonly production: boolean;
  private readonly timeoutMs: number;

  constructor(
    { production, notifications }: Pick<Config, 'production' | 'notifications'>,
    private readonly resolve: Resolve = resolverOf(),
  ) {
    this.production = production;
    this.timeoutMs = notifications.callTimeoutMs;
  }

  /**
   * Throws `OutboundAddressError` for a URL that can never be called. It does not resolve the name: the answer would show a stranger which
   * names our network knows.
   */
  assertAllowed(url: string): void {
    const problem = addressProblem(url, this.production);
    if (problem !== undefined) throw new OutboundAddressError(problem);
  }

  /** Throws `OutboundAddressError` before any connection, and `OutboundUnreachableError` without an answer in time. */
  async post(request: OutboundRequest): Promise<OutboundAnswer> {
    this.assertAllowed(request.url);
    const url = new URL(request.url);
    const ending = new AbortController();
    const end = () => ending.abort();
    request.signal?.addEventListener('abort', end, { once: true });
    if (request.signal?.aborted) end();
    try {
      const work = this.addressOf(url, ending.signal).then((address) => this.send(url, address, request, ending.signal));
      return await withTimeout(work, this.timeoutMs, () => new OutboundUnreachableError('timeout'));
    } catch (error) {
      if (error instanceof OutboundAddressError || error instanceof OutboundUnreachableError) throw error;
      throw new OutboundUnreachableError(codeOf(error));
    } finally {
      request.signal?.removeEventListener('abort', end);
      end(); // closes the connection of an answer that took too long, and ends the question for its name
    }
  }

  /** The address to connect to. One refused address among several refuses the name: the choice would be left to chance. */
  private async addressOf(url: URL, signal: AbortSignal): Promise<LookupAddress> {
    const host = hostOf(url);
    const family = isIP(host);
    const found = family === 0 ? await this.resolve(host, signal) : [{ address: host, family }];
    const [first] = found;
    if (!first) throw new OutboundUnreachableError('ENOTFOUND');
    const mayBeLoopback = url.protocol === 'http:' && isLoopback(url); // assertAllowed: outside of production only
    if (mayBeLoopback && found.every(({ address }) => address === '::1' || address.startsWith('127.'))) return first;
    if (found.some(({ address }) => isRefused(address))) throw new OutboundAddressError('must be a public address');
    return first;
  }

  private send(
    url: URL,
    { address, family }: LookupAddress,
    { headers, body }: OutboundRequest,
    signal: AbortSignal,
  ): Promise<OutboundAnswer> {
    const host = hostOf(url);
    const options: RequestOptions & { servername?: string } = {
      method: 'POST',
      host: address, // an address, so nothing resolves the name a second time
      family,
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, 'content-length': Buffer.byteLength(body) },
      agent: this.agents[url.protocol as keyof typeof this.agents],
      ...(isIP(host) === 0 && { servername: host }), // the certificate is that of the name
      signal,
    };
    return new Promise((resolve, reject) => {
      const sent = url.protocol === 'https:' ? httpsRequest(options) : httpRequest(options);
      sent.on('error', reject).once('response', (answer) => void readBeginning(answer).then(resolve, reject));
      sent.end(body);
    });
  }
}

async function readBeginning(answer: IncomingMessage): Promise<OutboundAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= LONGEST_ANSWER) break; // ends the connection
  }
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: Buffer.concat(chunks).subarray(0, LONGEST_ANSWER).toString('utf8'),
  };
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}

@Global()
@Module({
  providers: [{ provide: OutboundHttp, inject: [CONFIG], useFactory: (config: Config) => new OutboundHttp(config) }],
  exports: [OutboundHttp],
})
export class OutboundHttpModule {}
