import { z } from 'zod';
import { ConfigError, VaultError } from '../config.errors';
import { misspeltNames } from '../environment';
import type { ExternalSecrets } from '../secrets';
import { SECRET_NAMES, secretProblem, VARIABLES } from '../variables';
import { VaultHttpClient } from './vault-http-client';
import { VaultLogin, type VaultSettings } from './vault-login';

/** Variables that Vault may provide: every secret but the key to Vault itself. */
const EXTERNAL_SECRET_NAMES: readonly string[] = SECRET_NAMES.filter((name) => name !== 'VAULT_TOKEN');

/** The result of one refresh. */
export interface VaultRefreshOutcome {
  /** Names of the secrets that have a new value. */
  readonly rotated: readonly string[];
  /** Why Vault, or one of its fields, could not be used; undefined when there was no problem. Contains no value. */
  readonly problem: string | undefined;
}

/**
 * The secrets that Vault provides to this process: read once at the start and again with every `refresh()`. Each secret keeps its last good
 * value when a later refresh fails. Values exist in the memory of this process only. [TEN-8]
 */
export class VaultSecrets {
  private readonly client: VaultHttpClient;
  private readonly login: VaultLogin;
  private readonly values = new Map<string, string>();
  private troubleSinceMs: number | undefined;

  private constructor(private readonly settings: VaultSettings) {
    this.client = new VaultHttpClient(settings);
    this.login = new VaultLogin(settings.auth, this.client);
  }

  /** Throws VaultError when Vault does not return the secrets, ConfigError when one of its fields cannot be used. */
  static async open(settings: VaultSettings): Promise<VaultSecrets> {
    const opened = new VaultSecrets(settings);
    const fields = await opened.readAllPaths();
    const problems = fieldNameProblems([...fields.keys()]);
    for (const name of EXTERNAL_SECRET_NAMES.filter((known) => fields.has(known))) {
      const problem = opened.replaceValue(name, fields.get(name));
      if (problem !== undefined) problems.push(problem);
    }
    if (problems.length > 0) throw new ConfigError(problems);
    return opened;
  }

  /** By the names of the variables that they replace; each function returns the current value. */
  get secrets(): ExternalSecrets {
    return Object.fromEntries([...this.values].map(([name, first]) => [name, () => this.values.get(name) ?? first]));
  }

  /** The interval at which the process should call `refresh()`. */
  get refreshMs(): number {
    return this.settings.refreshMs;
  }

  /** The time in ms since the first of the failed refreshes; 0 after a refresh that succeeded. */
  get troubleMs(): number {
    return this.troubleSinceMs === undefined ? 0 : performance.now() - this.troubleSinceMs;
  }

  /** Reads every path again. Never throws: a failure is the outcome's `problem`. */
  async refresh(): Promise<VaultRefreshOutcome> {
    const outcome = await this.readRotations();
    this.troubleSinceMs = outcome.problem === undefined ? undefined : (this.troubleSinceMs ?? performance.now());
    return outcome;
  }

  private async readRotations(): Promise<VaultRefreshOutcome> {
    try {
      const fields = await this.readAllPaths();
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

  /** Replaces the value. Keeps it and returns the problem when the new value cannot be used. */
  private replaceValue(name: string, value: unknown): string | undefined {
    const problem = valueProblem(name, value, this.settings.production);
    if (problem === undefined) this.values.set(name, String(value));
    return problem;
  }

  /** Reads every field of every configured path. Throws VaultError unless all paths can be read, so that no half of a rotation is used. */
  private async readAllPaths(): Promise<ReadonlyMap<string, unknown>> {
    const all = new Map<string, unknown>();
    for (const [index, path] of this.settings.paths.entries()) {
      const subject = `path ${index + 1} of VAULT_SECRETS`;
      const fields = parseFields(await this.readPath(`${this.settings.mount}/data/${path}`, subject), subject);
      for (const [name, value] of Object.entries(fields)) {
        if (all.has(name)) throw new VaultError(`${subject} and an earlier one both have a field of the same name; keep each secret once`);
        all.set(name, value);
      }
    }
    return all;
  }

  private async readPath(path: string, subject: string): Promise<unknown> {
    const request = async () => this.client.request({ method: 'GET', path, token: await this.login.token(), subject });
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof VaultError) || error.status !== 403 || !this.login.discardToken()) throw error;
      return request(); // with the token of a new login
    }
  }
}

/** The response of KV v2. `data.data` is null when the newest version was deleted. */
const SECRET_RESPONSE = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()) }) });

function parseFields(response: unknown, subject: string): Record<string, unknown> {
  const { data } = SECRET_RESPONSE.safeParse(response);
  if (!data) throw new VaultError(`Vault's answer to ${subject} is not a KV v2 secret: look at VAULT_MOUNT`);
  return data.data.data;
}

/** The problems of field names: misspelt ones, and settings, which are not secrets. Foreign names are ignored. */
function fieldNameProblems(names: readonly string[]): string[] {
  const settings = names.filter((name) => Object.hasOwn(VARIABLES, name) && !EXTERNAL_SECRET_NAMES.includes(name));
  return [
    ...misspeltNames(Object.fromEntries(names.map((name) => [name, '']))).map((problem) => `In Vault ${problem}`),
    ...settings.map((name) => `${name} is kept in Vault, but only secrets are read there; set it in the environment`),
  ];
}

/** The problem of a secret's value, as "NAME in Vault must be …"; undefined when the value can be used. */
function valueProblem(name: string, value: unknown, production: boolean): string | undefined {
  if (value === undefined) return `${name} is no longer in Vault`;
  if (typeof value !== 'string' || value === '') return `${name} in Vault must be text that is not empty`;
  const problem = secretProblem(name, value, production);
  return problem && `${name} in Vault ${problem}`;
}
