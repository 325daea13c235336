import { randomBytes } from 'node:crypto';

const mark = (what: string): string => `planted_${what}_${randomBytes(12).toString('hex')}`;

/** Values that nobody but those who need them may ever see (TEN-8), and what looks for them wherever something comes out. */
export class PlantedSecrets {
  readonly jwtSecret = mark('jwt').padEnd(96, 'x');
  readonly tokens = { all: mark('token'), provisioning: mark('token_of_sagas') };
  /** Of a droplet: it may hold keys of its owner. */
  readonly userData = mark('user_data');
  /** What a provider in trouble writes into its error pages. */
  readonly errorBody = mark('error_body');
  /** Where one was found: must stay empty. */
  readonly found = new Set<string>();
  /** Characters that were looked through. */
  looked = 0;

  constructor(private readonly passwords: readonly string[]) {}

  lookIn(where: string, text: string): void {
    this.looked += text.length;
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
