import type { Principal } from './principal';

/** How many are kept; then the oldest one goes. */
const MOST = 1_000;
/** Longer ones are verified each time, so that what is kept stays below a few MB. */
const MAX_LENGTH = 2_048;

/** Whom a token speaks for, and when: seconds of Unix time. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly exp: number;
  readonly nbf: number;
}

/**
 * Tokens that passed every check (TEN-1): callers show the same one again and again, and the checks are a tenth of a short request. All of them
 * follow from the token's text and the secret, but for `exp` and `nbf`, which are looked at each time, by the rule of `jsonwebtoken`. Another secret
 * empties it.
 */
export class VerifiedTokens {
  private readonly tokens = new Map<string, VerifiedToken>();
  private secret: string | undefined;

  constructor(private readonly leewayS: number) {}

  /** Undefined when the token has to be verified (again). */
  find(token: string, secret: string, nowMs = Date.now()): Principal | undefined {
    if (secret !== this.secret) return undefined;
    const found = this.tokens.get(token);
    const nowS = Math.floor(nowMs / 1_000);
    if (found && nowS < found.exp + this.leewayS && found.nbf <= nowS + this.leewayS) return found.principal;
    this.tokens.delete(token);
    return undefined;
  }

  /** `secret` is the one that it was verified with. */
  add(token: string, secret: string, verified: VerifiedToken): void {
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
