import type { Principal } from './principal';

/** The number of tokens that are kept; the oldest one is dropped first. */
const MOST = 1_000;
/** Longer tokens are verified each time, so that the kept ones stay below a few MB. */
const MAX_LENGTH = 2_048;

/** The principal of a token and its period of validity in seconds of Unix time. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly exp: number;
  readonly nbf: number;
}

/**
 * Tokens that passed every check. Callers send the same token again and again, and the checks take a tenth of a short request. Their result
 * depends on the token's text and the secret only, except for `exp` and `nbf`, which are checked each time by the rule of `jsonwebtoken`.
 * Another secret empties the cache. [TEN-1]
 */
export class VerifiedTokens {
  private readonly tokens = new Map<string, VerifiedToken>();
  private secret: string | undefined;

  constructor(private readonly leewayS: number) {}

  /** Undefined when the token must be verified (again). */
  findPrincipal(token: string, secret: string, nowMs = Date.now()): Principal | undefined {
    if (secret !== this.secret) return undefined;
    const found = this.tokens.get(token);
    const nowS = Math.floor(nowMs / 1_000);
    if (found && nowS < found.exp + this.leewayS && found.nbf <= nowS + this.leewayS) return found.principal;
    this.tokens.delete(token);
    return undefined;
  }

  /** `secret` is the one that verified the token. */
  addToken(token: string, secret: string, verified: VerifiedToken): void {
    if (token.length > MAX_LENGTH) return;
    if (secret !== this.secret) this.tokens.clear();
    this.secret = secret;
    for (const oldest of this.tokens.keys()) {
      if (this.tokens.size < MOST) break;
      this.tokens.delete(oldest);
    }
    this.tokens.set(token, verified);
  }
}
