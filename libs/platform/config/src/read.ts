import { Refusal, type Check } from './check';
import type { ExternalSecrets, Secret } from './config';
import { CROSS_CHECKS } from './cross-checks';
import { fileProblem, fileSecret } from './secret';
import type { Variable } from './variable';
import { VARIABLES, type Values } from './variables';

/** What the process is going to do. */
export type ConfigUse = 'service' | 'migration';

export interface Reading {
  readonly values: Values;
  readonly problems: readonly string[];
}

/** Empty means unset: `NAME=` in a file, a compose default, a cleared field of a deployment form. */
const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => textOf(env, name) !== '';

/** For a service called `worker` Kubernetes sets `WORKER_PORT=tcp://10.0.0.7:80` in every container: nobody's wish, so not set. */
function textOf(env: NodeJS.ProcessEnv, name: string): string {
  const text = (env[name] ?? '').trim();
  return name.endsWith('PORT') && /^(tcp|udp):\/\//.test(text) ? '' : text;
}

function readSecretVariable(env: NodeJS.ProcessEnv, name: string, check: Check<string>, kept: Secret | undefined): Secret | undefined {
  const path = env[`${name}_FILE`];
  if (kept && (isSet(env, name) || isSet(env, `${name}_FILE`))) throw new Refusal('is set in the environment and kept in Vault; use one');
  if (kept) return kept;
  if (isSet(env, name) && isSet(env, `${name}_FILE`)) throw new Refusal(`and ${name}_FILE are both set; use one`);
  if (path) {
    try {
      return fileSecret(path, check);
    } catch (error) {
      throw new Refusal(`in ${name}_FILE ${fileProblem(error)}`);
    }
  }
  if (!isSet(env, name)) return undefined;
  const value = check(env[name] ?? '');
  return () => value;
}

function readVariable(env: NodeJS.ProcessEnv, name: string, variable: Variable, kept: Secret | undefined): unknown {
  const text = textOf(env, name);
  const production = env['NODE_ENV']?.trim() === 'production';
  if (variable.type === 'secret') return readSecretVariable(env, name, production ? variable.productionCheck : variable.check, kept);
  if (text !== '') return variable.check(text);
  if (variable.type === 'optional') return undefined;
  return variable.check((production ? variable.productionDefault : undefined) ?? variable.default);
}

/** Reads each variable on its own, then looks between them. With problems the values are incomplete and must not be used. */
export function readVariables(env: NodeJS.ProcessEnv, use: ConfigUse, kept: ExternalSecrets = {}): Reading {
  const problems: string[] = [];
  const wrong = new Set<string>();
  const entries = Object.entries(VARIABLES).map(([name, variable]) => {
    try {
      return [name, readVariable(env, name, variable, Object.hasOwn(kept, name) ? kept[name] : undefined)];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      wrong.add(name);
      problems.push(`${name} ${error.message}`);
      return [name, undefined];
    }
  });
  const values = Object.fromEntries(entries) as Values;
  for (const { of, servicesOnly, find } of CROSS_CHECKS) {
    if (servicesOnly && use !== 'service') continue;
    const problem = of.some((name) => wrong.has(name)) ? undefined : find(values, (name) => isSet(env, name));
    if (problem) problems.push(problem);
  }
  return { values, problems };
}
