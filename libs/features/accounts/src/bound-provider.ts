import type { TokenPurpose } from '#libs/config';
import {
  DigitalOcean,
  ProviderError,
  TokenRejectedError,
  type GetRequest,
  type ListPage,
  type ListRequest,
  type SendRequest,
} from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { AccountBinding, type BoundToken } from './account-binding';
import { AccountNotCheckedError, AccountUnknownError, OtherAccountError } from './accounts.errors';

/**
 * The provider's client for calls that must reach the bound account or none: it writes nothing to another account and trusts no response of
 * one, such as a 404. The check costs one call per token and `ACCOUNT_CHECK_MS`. Throws `AccountNotCheckedError` besides the client's
 * errors. [INV-6]
 */
@Injectable()
export class BoundProvider {
  constructor(
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
  ) {}

  /** The pages of a list, all read with the token that was checked. */
  async *list<T>(request: ListRequest<T>): AsyncGenerator<ListPage<T>, void, void> {
    const { fingerprint } = await this.token(request.purpose);
    yield* this.provider.list({ ...request, fingerprint });
  }

  async get<T>(request: GetRequest<T>): Promise<T> {
    const { fingerprint } = await this.token(request.purpose);
    return this.provider.get({ ...request, fingerprint });
  }

  /** Sends one write; it is never repeated. */
  async send<T = void>(request: SendRequest<T>): Promise<T> {
    const { fingerprint } = await this.token(request.purpose);
    return this.provider.send({ ...request, fingerprint });
  }

  /** The checked token of a purpose. A token that the provider rejects throws `TokenRejectedError`. */
  async token(purpose: TokenPurpose): Promise<BoundToken> {
    try {
      return await this.binding.check(purpose);
    } catch (error) {
      if (error instanceof OtherAccountError || error instanceof AccountUnknownError) throw AccountNotCheckedError.refused(error);
      if (error instanceof TokenRejectedError || !(error instanceof ProviderError)) throw error;
      throw AccountNotCheckedError.unanswered(error);
    }
  }
}
