import type { StartPlan } from './start-plan';

/** The provider and the finance service that the simulator plays. */
export function simulatorEnvironment(url: string, token: string): NodeJS.ProcessEnv {
  return { DO_API_URL: url, DO_API_TOKEN: token, SKYAI_FINANCE_URL: `${url}/finance` };
}

/** What api, worker and simulator get: never the owner's key to the database. */
export function childEnvironment(env: NodeJS.ProcessEnv, plan: StartPlan, databaseUrl: string | undefined): NodeJS.ProcessEnv {
  const { DATABASE_OWNER_URL: _owner, DATABASE_OWNER_URL_FILE: _ownerFile, ...inherited } = env;
  const simulated = plan.simulator && simulatorEnvironment(`http://127.0.0.1:${plan.simulator.port}`, plan.simulator.token);
  return { ...inherited, DATA_DIR: plan.dataDir, ...simulated, ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }) };
}

/** What `migrate` gets: on an embedded server both of its roles, otherwise what was configured. */
export function migrateEnvironment(
  env: NodeJS.ProcessEnv,
  plan: StartPlan,
  embedded: { readonly ownerUrl: string; readonly appUrl: string } | undefined,
): NodeJS.ProcessEnv {
  if (!embedded) return { ...env, DATA_DIR: plan.dataDir };
  return { ...childEnvironment(env, plan, embedded.appUrl), DATABASE_OWNER_URL: embedded.ownerUrl };
}
