import { CONFIG, FINANCE_AUDIENCE, type Config } from '#libs/config';
import { signGuardianToken } from '#libs/identity';
import { Inject, Injectable } from '@nestjs/common';
import { create, isAxiosError, type AxiosInstance } from 'axios';
import type { FinanceInvoice } from './finance-invoice';
import { FinanceUnavailableError, RefusedByFinanceError } from './finance.error';

const IMPORT_PATH = '/api/v1/integrations/cloud/import-invoice';
/** Of the whole exchange, its last byte included; shorter than the lease of an announcement. */
const TIME_LIMIT_MS = 30_000;
/** The longest that such a token may live (TEN-9). */
const TOKEN_LIFE_S = 60;
const LARGEST_ANSWER_BYTES = 1024 * 1024;

/** The door to the finance service. It knows an invoice by its external id, so the same one may be told any number of times. */
@Injectable()
export class FinanceClient {
  private readonly axios: AxiosInstance = create({
    maxRedirects: 0,
    proxy: false,
    maxContentLength: LARGEST_ANSWER_BYTES,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
  });

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** Without an address nobody is told, in silence. */
  get configured(): boolean {
    return this.config.finance.url !== undefined;
  }

  /** Answers finance's id of the invoice. Throws `FinanceUnavailableError` and `RefusedByFinanceError`. */
  async importInvoice(invoice: FinanceInvoice, signal?: AbortSignal): Promise<string> {
    const { status, body } = await this.post(JSON.stringify(invoice), signal);
    if (status >= 500 || status === 429 || status === 408) throw new FinanceUnavailableError(`status ${status}`);
    if (status < 200 || status >= 300) throw new RefusedByFinanceError(status);
    const id = invoiceIdIn(body);
    if (id === undefined) throw new FinanceUnavailableError('an answer without an invoice');
    return id;
  }

  /** The errors of axios end here: they carry the token (TEN-8). */
  private async post(body: string, signal?: AbortSignal): Promise<{ status: number; body: string }> {
    const { url = '', tenantId } = this.config.finance;
    const token = signGuardianToken(this.config.identity.jwtSecret(), {
      sub: 'arcadia-cloud',
      tenantId,
      roles: ['admin'],
      audience: FINANCE_AUDIENCE,
      ttlS: TOKEN_LIFE_S,
    });
    const limit = AbortSignal.timeout(TIME_LIMIT_MS);
    try {
      const answer = await this.axios.post<unknown>(`${url.replace(/\/+$/, '')}${IMPORT_PATH}`, body, {
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Accept: 'application/json' },
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      return { status: answer.status, body: typeof answer.data === 'string' ? answer.data : '' };
    } catch (error) {
      throw new FinanceUnavailableError(limit.aborted ? 'time limit' : (isAxiosError(error) && error.code) || 'a broken connection');
    }
  }
}

function invoiceIdIn(body: string): string | undefined {
  try {
    const answer = JSON.parse(body) as { invoice?: { id?: unknown } } | null;
    const id = answer?.invoice?.id;
    return (typeof id === 'string' && /^[\w.:-]{1,255}$/.test(id)) || typeof id === 'number' ? String(id) : undefined;
  } catch {
    return undefined;
  }
}
