import { randomBytes } from 'node:crypto';

const mark = (what: string): string => `planted_${what}_${randomBytes(12).toString('hex')}`;

/** Secret values, and a scanner that searches every output for them [TEN-8]. */
export class PlantedSecrets {
  readonly jwtSecret = mark('jwt').padEnd(96, 'x');
  readonly tokens = { all: mark('token'), provisioning: mark('token_of_sagas') };
  /** The user data of a droplet, which may contain keys of its owner. */
  readonly userData = mark('user_data');
  /** A text that a failing provider writes into its error pages. */
  readonly errorBody = mark('error_body');
  /** The places where a secret was found. The set must stay empty. */
  readonly found = new Set<string>();
  /** The number of scanned characters. */
  scannedChars = 0;

  constructor(private readonly passwords: readonly string[]) {}

  scan(where: string, text: string): void {
    this.scannedChars += text.length;
    for (const secret of this.all()) {
      const at = text.indexOf(secret);
      if (at >= 0) this.found.add(`${where}: …${text.slice(Math.max(0, at - 120), at)}<secret ${secret.split('_').slice(0, 3).join('_')}>`);
    }
  }

  private all(): string[] {
    const { all, provisioning } = this.tokens;
    return [this.jwtSecret, all, provisioning, this.userData, this.errorBody, ...this.passwords];
  }
}
