import { CONFIG, FINANCE_AUDIENCE, type Config } from '#libs/config';
import { signGuardianToken } from '#libs/identity';
import { Inject, Injectable } from '@nestjs/common';
import { create, isAxiosError, type AxiosInstance } from 'axios';
import { z } from 'zod';
import { FinanceUnavailableError, RefusedByFinanceError } from '../provider-billing.errors';
import type { FinanceInvoice } from './finance-invoice-reader';

const IMPORT_PATH = '/api/v1/integrations/cloud/import-invoice';
/** Time limit of the whole call, up to the last byte of the response. It is shorter than the lease of an announcement. */
const TIME_LIMIT_MS = 30_000;
/** The longest validity of such a token. [TEN-9] */
const TOKEN_TTL_S = 60;
const LARGEST_RESPONSE_BYTES = 1024 * 1024;

/** HTTP client of the finance service, which knows what it gets by an external id: sending the same thing again is harmless. [BIL-8] */
@Injectable()
export class FinanceClient {
  private readonly axios: AxiosInstance = create({
    maxRedirects: 0,
    proxy: false,
    maxContentLength: LARGEST_RESPONSE_BYTES,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
  });

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** False without an address of the finance service. Then nothing is pushed, and nothing is logged about it. */
  get configured(): boolean {
    return this.config.finance.url !== undefined;
  }

  /** Returns finance's id of the invoice. Throws `FinanceUnavailableError` and `RefusedByFinanceError`. */
  async importInvoice(invoice: FinanceInvoice, signal?: AbortSignal): Promise<string> {
    return invoiceIdIn(await this.send(IMPORT_PATH, invoice, signal));
  }

  /** Posts JSON and returns the body of the response. Throws `FinanceUnavailableError` and `RefusedByFinanceError`. */
  async send(path: string, content: object, signal?: AbortSignal): Promise<string> {
    const { status, body } = await this.post(path, JSON.stringify(content), signal);
    if (status >= 500 || status === 429 || status === 408) throw new FinanceUnavailableError(`status ${status}`);
    if (status < 200 || status >= 300) throw new RefusedByFinanceError(status);
    return body;
  }

  /** No error of axios leaves this method, because it contains the token. [TEN-8] */
  private async post(path: string, body: string, signal?: AbortSignal): Promise<{ status: number; body: string }> {
    const { url = '', tenantId } = this.config.finance;
    const token = signGuardianToken(this.config.identity.jwtSecret(), {
      sub: 'arcadia-cloud',
      tenantId,
      roles: ['admin'],
      audience: FINANCE_AUDIENCE,
      ttlS: TOKEN_TTL_S,
    });
    const limit = AbortSignal.timeout(TIME_LIMIT_MS);
    try {
      const response = await this.axios.post<unknown>(`${url.replace(/\/+$/, '')}${path}`, body, {
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Accept: 'application/json' },
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      return { status: response.status, body: typeof response.data === 'string' ? response.data : '' };
    } catch (error) {
      throw new FinanceUnavailableError(limit.aborted ? 'time limit' : (isAxiosError(error) && error.code) || 'a broken connection');
    }
  }
}

/** The only part of a response that is used. */
const IMPORTED = z.object({ invoice: z.object({ id: z.union([z.string().regex(/^[\w.:-]{1,255}$/), z.number().transform(String)]) }) });

/** Throws `FinanceUnavailableError`, which names the part of the response that is not as expected. */
function invoiceIdIn(body: string): string {
  const { success, data, error } = IMPORTED.safeParse(jsonOf(body));
  if (success) return data.invoice.id;
  const path = error.issues[0]?.path.join('.');
  throw new FinanceUnavailableError(path ? `a response without an invoice id: ${path} is unreadable` : 'a response without an invoice id');
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
