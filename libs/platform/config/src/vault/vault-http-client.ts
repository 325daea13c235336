import { VaultError } from '../config.errors';
import type { VaultSettings } from './vault-login';

/** Secrets are short, so a longer response does not come from Vault. */
const MAX_BYTES = 1_048_576;

interface VaultRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
  /** Names the request in the sentence of an error, as in "path 1 of VAULT_SECRETS". */
  readonly subject: string;
}

/** The HTTP client of Vault. Bounded in time and size; sends requests to the configured address only. [TEN-8] */
export class VaultHttpClient {
  constructor(private readonly settings: VaultSettings) {}

  /** Returns the JSON of the response. Throws VaultError, which contains the subject and no other part of request or response. */
  async request({ method, path, token, body, subject }: VaultRequest): Promise<unknown> {
    const { address, namespace, timeoutMs } = this.settings;
    const answer = await withinTimeout(timeoutMs, async (signal) => {
      const response = await fetch(`${address}/v1/${path}`, {
        method,
        signal,
        redirect: 'manual', // a redirect, as of a standby without forwarding, would take the token to another host
        headers: {
          'x-vault-request': 'true',
          ...(token !== undefined && { 'x-vault-token': token }),
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: response.status === 200 ? await boundedText(response) : await discardBody(response) };
    });
    if (answer.status !== 200) throw new VaultError(statusMessage(answer.status, subject), answer.status);
    try {
      return JSON.parse(answer.text) as unknown;
    } catch {
      throw new VaultError(`VAULT_ADDR answers to ${subject} with something that is not Vault's JSON`);
    }
  }
}

function statusMessage(status: number, subject: string): string {
  if (status === 403) return `Vault refuses ${subject} (403): look at the policy of the role or token`;
  if (status === 404) return `Vault has nothing for ${subject} (404): look at VAULT_MOUNT, the path, and whether it was deleted`;
  if (status === 503) return `Vault is sealed or not ready (503), so there is no answer to ${subject}`;
  if (status >= 300 && status < 400)
    return `VAULT_ADDR sends ${subject} elsewhere (${status}), which is not followed: name the address itself`;
  return `Vault answers ${status} to ${subject}`;
}

async function withinTimeout<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await work(signal);
  } catch (error) {
    if (error instanceof VaultError) throw error;
    if (signal.aborted) throw new VaultError(`Vault did not answer within ${timeoutMs} ms`);
    throw new VaultError(`Vault cannot be reached at VAULT_ADDR (${causeCode(error)})`); // the original error names hosts and may contain headers
  }
}

/** `ECONNREFUSED`, `ENOTFOUND`, `SELF_SIGNED_CERT_IN_CHAIN`, …: the errors of `fetch` have it in their cause. */
function causeCode(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : 'the connection broke';
}

async function discardBody(response: Response): Promise<string> {
  await response.body?.cancel();
  return '';
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new VaultError(`VAULT_ADDR answers with more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
