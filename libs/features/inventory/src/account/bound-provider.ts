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
import { AccountNotCheckedError, AccountUnknownError, OtherAccountError } from './account.errors';

/**
 * The provider, for calls that must reach the bound account or none (INV-6): nothing is written to another account, and nothing is
 * believed of one, such as a 404. The check costs a call per token and `ACCOUNT_CHECK_MS`. Throws `AccountNotCheckedError` besides the
 * client's errors.
 */
@Injectable()
export class BoundProvider {
  constructor(
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
  ) {}

  /** The pages of a list, all of them read with the token that was checked. */
  async *list<T>(request: ListRequest<T>): AsyncGenerator<ListPage<T>, void, void> {
    const { fingerprint } = await this.token(request.purpose);
    yield* this.provider.list({ ...request, fingerprint });
  }

  async get<T>(request: GetRequest<T>): Promise<T> {
    const { fingerprint } = await this.token(request.purpose);
    return this.provider.get({ ...request, fingerprint });
  }

  /** One write, never repeated. */
  async send<T = void>(request: SendRequest<T>): Promise<T> {
    const { fingerprint } = await this.token(request.purpose);
    return this.provider.send({ ...request, fingerprint });
  }

  /** The checked token of a purpose. A rejected one stays a `TokenRejectedError`. */
  async token(purpose: TokenPurpose): Promise<BoundToken> {
    try {
      return await this.pin.check(purpose);
    } catch (error) {
      if (error instanceof OtherAccountError || error instanceof AccountUnknownError) throw AccountNotCheckedError.refused(error);
      if (error instanceof TokenRejectedError || !(error instanceof ProviderError)) throw error;
      throw AccountNotCheckedError.unanswered(error);
    }
  }
}
