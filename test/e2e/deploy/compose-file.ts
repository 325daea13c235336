import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { inRoot } from './product-facts';

export interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** Parses `docker-compose.yml` as Compose reads it with these variables: `${NAME:-default}` is filled in and anchors are merged. */
export function composeFile(variables: NodeJS.ProcessEnv = {}): ComposeFile {
  const text = readFileSync(inRoot('docker-compose.yml'), 'utf8');
  const fill = (value: string) =>
    value.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, otherwise: string) => variables[name] || otherwise);
  return parse(text, (_, value: unknown) => (typeof value === 'string' ? fill(value) : value), { merge: true }) as ComposeFile;
}

/** Returns the names of variables that may be set from outside. */
export function interpolatedNames(): string[] {
  return [...readFileSync(inRoot('docker-compose.yml'), 'utf8').matchAll(/\$\{(\w+):-/g)].map(([, name]) => name ?? '');
}

/** Returns the variables of `deploy/compose/simulator.env`. */
export function simulatorVariables(): Record<string, string> {
  const lines = readFileSync(inRoot('deploy/compose/simulator.env'), 'utf8').matchAll(/^(\w+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** Returns the services that run our image. */
export function ownServices(file: ComposeFile): [string, ComposeService & { readonly command: readonly string[] }][] {
  return Object.entries(file.services).flatMap(([name, service]) =>
    service.image.startsWith('arcadia-cloud') && service.command ? [[name, { ...service, command: service.command }]] : [],
  );
}

/** Returns the environment of a container of the service, with its secrets in the given folder. */
export function environmentOf(service: ComposeService, secretsFolder: string): NodeJS.ProcessEnv {
  const entries = Object.entries(service.environment ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value).replace('/run/secrets', secretsFolder)]));
}
