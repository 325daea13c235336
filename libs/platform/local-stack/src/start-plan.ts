import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LaunchError } from './local-stack.errors';

/**
 * The processes that `npm start` runs, decided from the environment alone. #libs/config is not used here, because loading it takes a
 * fifth of the time to the first healthy answer. The processes check the whole environment themselves. A test compares the defaults.
 */
export interface StartPlan {
  /** Absolute. */
  readonly dataDir: string;
  /** The host of the processes' URLs on this machine, whatever address they listen on. */
  readonly reachableHost: string;
  readonly listenHost: string;
  readonly apiPort: number;
  readonly workerPort: number;
  /** Undefined: a real provider is configured. */
  readonly simulator: { readonly port: number; readonly token: string } | undefined;
  /** Closed months of the demo that get invoices to tenants; 0 with a real provider. */
  readonly demoMonths: number;
  /** Demo and real runs never share a database. */
  readonly database: 'arcadia' | 'arcadia_demo';
  /** No embedded server: DATABASE_URL is set, or secrets are kept in Vault, which then has it. */
  readonly externalDatabase: boolean;
  /** Production never migrates with the app's own role. */
  readonly mayMigrate: boolean;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Throws LaunchError `launch_configuration_invalid`. */
export function planStart(env: NodeJS.ProcessEnv): StartPlan {
  const production = text(env, 'NODE_ENV') === 'production';
  const listenHost = text(env, 'HOST') ?? (production ? '0.0.0.0' : '127.0.0.1');
  const keptInVault = text(env, 'VAULT_SECRETS') !== undefined;
  const simulated = !hasProviderToken(env) && !keptInVault;
  if (simulated && text(env, 'DO_API_URL') !== undefined) {
    throw new LaunchError('launch_configuration_invalid', 'DO_API_URL is set without a token: set DO_API_TOKEN too, or neither of them');
  }
  if (simulated) refuseRealFinance(text(env, 'SKYAI_FINANCE_URL'));
  const externalDatabase = isSet(env, 'DATABASE_URL') || keptInVault;
  return {
    dataDir: resolve(text(env, 'DATA_DIR') ?? '.data'),
    listenHost,
    reachableHost: listenHost === '0.0.0.0' || listenHost === '::' ? '127.0.0.1' : listenHost,
    apiPort: port(env, 'PORT', 4005),
    workerPort: port(env, 'WORKER_PORT', 4006),
    simulator: simulated
      ? { port: port(env, 'SIMULATOR_PORT', 4008), token: text(env, 'SIMULATOR_TOKEN') ?? 'dop_v1_simulator' }
      : undefined,
    demoMonths: simulated ? wholeNumber(env, 'DEMO_MONTHS', 24, 24) : 0,
    database: simulated ? 'arcadia_demo' : 'arcadia',
    externalDatabase,
    mayMigrate: !externalDatabase || !production || isSet(env, 'DATABASE_OWNER_URL') || keptInVault,
  };
}

/**
 * Refuses the demo in a database of real runs, which would belong to the demo account from then on. On an external server the demo runs
 * only in a database with a name that ends in `_demo`. Throws LaunchError `launch_configuration_invalid`.
 */
export function refuseDemoInRealDatabase(env: NodeJS.ProcessEnv, { simulator, externalDatabase }: StartPlan): void {
  if (!simulator || !externalDatabase) return;
  const url = text(env, 'DATABASE_URL') ?? textOfFile(text(env, 'DATABASE_URL_FILE'));
  if (URL.canParse(url) && new URL(url).pathname.endsWith('_demo')) return;
  throw new LaunchError(
    'launch_configuration_invalid',
    'DATABASE_URL is set but no DO_API_TOKEN: set DO_API_TOKEN, or unset DATABASE_URL for the demo (or name a database that ends in _demo)',
  );
}

function textOfFile(file: string | undefined): string {
  try {
    return file === undefined ? '' : readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // the processes report an unreadable file; here it only counts as no database of the demo
  }
}

/** `DO_API_TOKEN`, one per purpose, each also as a file. */
function hasProviderToken(env: NodeJS.ProcessEnv): boolean {
  return Object.keys(env).some((name) => name.startsWith('DO_API_TOKEN') && text(env, name) !== undefined);
}

function refuseRealFinance(url: string | undefined): void {
  if (url === undefined || !URL.canParse(url) || LOOPBACK.test(new URL(url).hostname)) return;
  throw new LaunchError(
    'launch_configuration_invalid',
    'SKYAI_FINANCE_URL must be a loopback address or unset when the simulator plays the provider: generated invoices must not reach real books',
  );
}

/** A secret may also come from `<name>_FILE`. */
function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return text(env, name) !== undefined || text(env, `${name}_FILE`) !== undefined;
}

/** Empty means unset. */
function text(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

function port(env: NodeJS.ProcessEnv, name: string, usual: number): number {
  const value = Number(text(env, name) ?? usual);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new LaunchError('launch_configuration_invalid', `${name} must be a whole number from 1 to 65535`);
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, usual: number, most: number): number {
  const value = Number(text(env, name) ?? usual);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new LaunchError('launch_configuration_invalid', `${name} must be a whole number from 0 to ${most}`);
}

/** The provider, the finance service and the mail server that the simulator plays; it is reached as a proxy to any mail server. */
export function simulatorEnvironment(url: string, token: string): NodeJS.ProcessEnv {
  return {
    DO_API_URL: url,
    DO_API_TOKEN: token,
    SKYAI_FINANCE_URL: `${url}/finance`,
    SMTP_URL: `smtp://simulator.invalid:25?proxy=${url}`,
  };
}

/** The environment of api, worker and simulator, always without the owner's key to the database. */
export function childEnvironment(env: NodeJS.ProcessEnv, plan: StartPlan, databaseUrl: string | undefined): NodeJS.ProcessEnv {
  const { DATABASE_OWNER_URL: _owner, DATABASE_OWNER_URL_FILE: _ownerFile, ...inherited } = env;
  const simulated = plan.simulator && simulatorEnvironment(`http://127.0.0.1:${plan.simulator.port}`, plan.simulator.token);
  return { ...inherited, DATA_DIR: plan.dataDir, ...simulated, ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }) };
}

/** The environment with which the configuration is checked before anything runs. The address of an embedded server is not known yet. */
export function checkedEnvironment(env: NodeJS.ProcessEnv, plan: StartPlan): NodeJS.ProcessEnv {
  return childEnvironment(env, plan, plan.externalDatabase ? undefined : `postgresql://127.0.0.1/${plan.database}`);
}

/** The environment of `migrate`: both roles of an embedded server, otherwise the configured ones. */
export function migrateEnvironment(
  env: NodeJS.ProcessEnv,
  plan: StartPlan,
  embedded: { readonly ownerUrl: string; readonly appUrl: string } | undefined,
): NodeJS.ProcessEnv {
  if (!embedded) return { ...env, DATA_DIR: plan.dataDir };
  return { ...childEnvironment(env, plan, embedded.appUrl), DATABASE_OWNER_URL: embedded.ownerUrl };
}
