import { Logger } from '@nestjs/common';
import { ConfigError, KEPT_NAMES, keptNameProblems, type KeptSecrets, type VaultSettings } from '#libs/config';
import { readSecrets } from './read-secrets';
import { VaultDoor } from './vault-door';
import { VaultLogin } from './vault-login';
import { VaultError } from './vault.error';
import { tellOf } from './vault.gauges';

/** So that processes that were started together do not all ask at once for ever. */
const SPREAD = 0.1;

/**
 * The secrets that Vault keeps for us: read once at the start, then looked at every `refreshMs`. Whatever happens later, each keeps its last good
 * value. They live in the memory of this process only.
 */
export class VaultSecrets {
  private readonly log = new Logger('Vault');
  private readonly door: VaultDoor;
  private readonly login: VaultLogin;
  private readonly values = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private trouble: string | undefined;
  private troubleSinceMs: number | undefined;
  private isOpen = true;

  private constructor(private readonly settings: VaultSettings) {
    this.door = new VaultDoor(settings);
    this.login = new VaultLogin(settings.auth, this.door);
  }

  /** Throws VaultError when Vault does not answer as it should, ConfigError when what it keeps cannot be ours. */
  static async open(settings: VaultSettings): Promise<VaultSecrets> {
    const opened = new VaultSecrets(settings);
    const fields = await readSecrets(settings, opened.door, opened.login);
    const problems = keptNameProblems([...fields.keys()]);
    for (const name of KEPT_NAMES.filter((known) => fields.has(known))) {
      const problem = opened.take(name, fields.get(name));
      if (problem !== undefined) problems.push(problem);
    }
    if (problems.length > 0) throw new ConfigError(problems);
    opened.plan();
    tellOf(() => opened.troubleSinceMs);
    return opened;
  }

  /** By the names of the variables they stand for; each answers the value of now. */
  get secrets(): KeptSecrets {
    return Object.fromEntries([...this.values].map(([name, first]) => [name, () => this.values.get(name) ?? first]));
  }

  close(): void {
    this.isOpen = false;
    clearTimeout(this.timer);
    tellOf(undefined);
  }

  private plan(): void {
    if (!this.isOpen) return;
    const ms = this.settings.refreshMs * (1 - SPREAD + 2 * SPREAD * Math.random());
    this.timer = setTimeout(() => void this.refresh().finally(() => this.plan()), ms).unref();
  }

  private async refresh(): Promise<void> {
    try {
      const fields = await readSecrets(this.settings, this.door, this.login);
      if (!this.isOpen) return;
      const rotated = [...this.values].filter(([name, held]) => fields.get(name) !== held).map(([name]) => name);
      const problems = rotated.flatMap((name) => this.take(name, fields.get(name)) ?? []);
      if (rotated.length > problems.length) {
        this.log.log({ event: 'secrets_rotated', names: rotated.filter((name) => this.values.get(name) === fields.get(name)) });
      }
      this.tell(problems.length > 0 ? problems.join('; ') : undefined);
    } catch (error) {
      this.tell(error instanceof VaultError ? error.message : 'Vault could not be read');
    }
  }

  /** Holds the value from now on, unless it answers what is wrong with it. */
  private take(name: string, value: unknown): string | undefined {
    const problem = this.settings.problemOf(name, value);
    if (problem === undefined) this.values.set(name, String(value));
    return problem;
  }

  /** One line when it begins, when it becomes another, and when it is over. */
  private tell(trouble: string | undefined): void {
    if (trouble === this.trouble || !this.isOpen) return;
    this.troubleSinceMs = trouble === undefined ? undefined : (this.troubleSinceMs ?? performance.now());
    if (trouble === undefined) this.log.log({ event: 'secrets_followed_again' });
    else this.log.warn({ event: 'secrets_not_followed', reason: trouble });
    this.trouble = trouble;
  }
}
