import { ConfigError } from '../config.error';
import { EXTERNAL_SECRET_NAMES, externalNameProblems, type VaultSettings } from '../vault-settings';
import { type ExternalSecrets } from '../config';
import { readSecrets } from './read-secrets';
import { VaultHttpClient } from './vault-door';
import { VaultLogin } from './vault-login';
import { VaultError } from './vault.error';

/** What one refresh found. */
export interface VaultRefreshOutcome {
  /** Names of the secrets whose values are new. */
  readonly rotated: readonly string[];
  /** Why Vault, or a field of it, could not be used; undefined when everything could. Contains no value. */
  readonly problem: string | undefined;
}

/**
 * The secrets that Vault keeps for this process: read once at the start and again with every `refresh()`. Each secret keeps its last good value,
 * whatever a later refresh finds. Values live in the memory of this process only (TEN-8).
 */
export class VaultSecrets {
  private readonly door: VaultHttpClient;
  private readonly login: VaultLogin;
  private readonly values = new Map<string, string>();
  private troubleSinceMs: number | undefined;

  private constructor(private readonly settings: VaultSettings) {
    this.door = new VaultHttpClient(settings);
    this.login = new VaultLogin(settings.auth, this.door);
  }

  /** Throws VaultError when Vault does not answer as it should, ConfigError when one of its fields cannot be used. */
  static async open(settings: VaultSettings): Promise<VaultSecrets> {
    const opened = new VaultSecrets(settings);
    const fields = await readSecrets(settings, opened.door, opened.login);
    const problems = externalNameProblems([...fields.keys()]);
    for (const name of EXTERNAL_SECRET_NAMES.filter((known) => fields.has(known))) {
      const problem = opened.replaceValue(name, fields.get(name));
      if (problem !== undefined) problems.push(problem);
    }
    if (problems.length > 0) throw new ConfigError(problems);
    return opened;
  }

  /** By the names of the variables they replace; each function returns the current value. */
  get secrets(): ExternalSecrets {
    return Object.fromEntries([...this.values].map(([name, first]) => [name, () => this.values.get(name) ?? first]));
  }

  /** How often the process should call `refresh()`. */
  get refreshMs(): number {
    return this.settings.refreshMs;
  }

  /** For how long, in ms, no refresh has succeeded; 0 after one that did. */
  get troubleMs(): number {
    return this.troubleSinceMs === undefined ? 0 : performance.now() - this.troubleSinceMs;
  }

  /** Reads every path again. Never throws: a failure is the outcome's `problem`. */
  async refresh(): Promise<VaultRefreshOutcome> {
    const outcome = await this.readAgain();
    this.troubleSinceMs = outcome.problem === undefined ? undefined : (this.troubleSinceMs ?? performance.now());
    return outcome;
  }

  private async readAgain(): Promise<VaultRefreshOutcome> {
    try {
      const fields = await readSecrets(this.settings, this.door, this.login);
      const changed = [...this.values].filter(([name, value]) => fields.get(name) !== value).map(([name]) => name);
      const problems = changed.flatMap((name) => this.replaceValue(name, fields.get(name)) ?? []);
      return {
        rotated: changed.filter((name) => this.values.get(name) === fields.get(name)),
        problem: problems.length > 0 ? problems.join('; ') : undefined,
      };
    } catch (error) {
      return { rotated: [], problem: error instanceof VaultError ? error.message : 'Vault could not be read' };
    }
  }

  /** Replaces the value, unless it cannot be used; then returns why. */
  private replaceValue(name: string, value: unknown): string | undefined {
    const problem = this.settings.problemOf(name, value);
    if (problem === undefined) this.values.set(name, String(value));
    return problem;
  }
}
