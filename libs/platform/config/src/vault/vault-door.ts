import type { VaultSettings } from '../vault-settings';
import { VaultError } from './vault.error';

/** Secrets are short; whatever answers with more is not a vault. */
const MAX_BYTES = 1_048_576;

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
  /** Of what is asked for, in the sentence of an error. */
  readonly what: string;
}

/** The one place that talks to Vault. Bounded in time and size; goes nowhere but to the configured address (TEN-8). */
export class VaultHttpClient {
  constructor(private readonly settings: VaultSettings) {}

  /** The answer's JSON. Throws VaultError, which carries no part of the answer and nothing of the question but `what`. */
  async ask({ method, path, token, body, what }: Question): Promise<unknown> {
    const { address, namespace, timeoutMs } = this.settings;
    const answer = await inTime(timeoutMs, async (signal) => {
      const response = await fetch(`${address}/v1/${path}`, {
        method,
        signal,
        redirect: 'manual', // a standby without forwarding sends elsewhere, and so might anybody: the token stays here
        headers: {
          'x-vault-request': 'true',
          ...(token !== undefined && { 'x-vault-token': token }),
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: response.status === 200 ? await boundedText(response) : await dropped(response) };
    });
    if (answer.status !== 200) throw new VaultError(refusal(answer.status, what), answer.status);
    try {
      return JSON.parse(answer.text) as unknown;
    } catch {
      throw new VaultError(`VAULT_ADDR answers to ${what} with something that is not Vault's JSON`);
    }
  }
}

function refusal(status: number, what: string): string {
  if (status === 403) return `Vault refuses ${what} (403): look at the policy of the role or token`;
  if (status === 404) return `Vault has nothing for ${what} (404): look at VAULT_MOUNT, the path, and whether it was deleted`;
  if (status === 503) return `Vault is sealed or not ready (503), so there is no answer to ${what}`;
  if (status >= 300 && status < 400)
    return `VAULT_ADDR sends ${what} elsewhere (${status}), which is not followed: name the address itself`;
  return `Vault answers ${status} to ${what}`;
}

async function inTime<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await work(signal);
  } catch (error) {
    if (error instanceof VaultError) throw error;
    if (signal.aborted) throw new VaultError(`Vault did not answer within ${timeoutMs} ms`);
    throw new VaultError(`Vault cannot be reached at VAULT_ADDR (${codeOf(error)})`); // the original names hosts and may hold headers
  }
}

/** `ECONNREFUSED`, `ENOTFOUND`, `SELF_SIGNED_CERT_IN_CHAIN`, …: fetch keeps it in the cause. */
function codeOf(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : 'the connection broke';
}

async function dropped(response: Response): Promise<string> {
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
