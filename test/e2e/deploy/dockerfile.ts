import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inRoot } from './product-facts';

export interface Stage {
  readonly name: string;
  /** The instructions in order: `COPY`, `RUN`, `USER`, …, each with its arguments. */
  readonly steps: readonly (readonly [instruction: string, rest: string])[];
}

/** Parses the stages of `Dockerfile`, for the part of the language that it uses. */
export function dockerfileStages(): Stage[] {
  const lines = readFileSync(inRoot('Dockerfile'), 'utf8').split('\n');
  const stages: { name: string; steps: [string, string][] }[] = [];
  for (const line of lines.filter((text) => /^[A-Z]+ /.test(text))) {
    const [, instruction = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') stages.push({ name: rest.split(' AS ')[1] ?? '', steps: [] });
    else stages.at(-1)?.steps.push([instruction, rest]);
  }
  return stages;
}

/** Returns the names at the root that `.dockerignore` lets into the build context. */
export function dockerContext(): { readonly names: readonly string[]; readonly isLeftOut: (path: string) => boolean } {
  const lines = readFileSync(inRoot('.dockerignore'), 'utf8').split('\n');
  if (lines.find((line) => line !== '' && !line.startsWith('#')) !== '*')
    throw new Error('.dockerignore must begin by leaving out everything');
  const names = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const endings = lines.filter((line) => line.startsWith('**/*')).map((line) => line.slice(4));
  return { names, isLeftOut: (path) => endings.some((ending) => path.endsWith(ending)) };
}

/**
 * Performs the steps of the Dockerfile without a container engine. Each stage is a folder that acts as its `/app`. Returns
 * the folder of the last stage. The output of a `RUN` is printed only when it fails.
 */
export function replayDockerfile(folder: string): string {
  const { names, isLeftOut } = dockerContext();
  const stages = dockerfileStages();
  for (const { name, steps } of stages) {
    const app = join(folder, name);
    mkdirSync(app, { recursive: true });
    for (const [instruction, rest] of steps) {
      if (instruction === 'RUN') run(rest, app);
      if (instruction === 'COPY') copy(rest.split(' '), app);
    }
  }
  return join(folder, stages.at(-1)?.name ?? '');

  function copy(words: readonly string[], app: string): void {
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    const paths = words.filter((word) => !word.startsWith('--'));
    const target = paths.at(-1) ?? '';
    for (const source of paths.slice(0, -1)) {
      if (from === undefined && !names.includes(source)) throw new Error(`.dockerignore leaves out ${source}, which the Dockerfile copies`);
      const origin = from === undefined ? inRoot(source) : join(folder, from, source.replace(/^\/app\//, ''));
      const isFolder = target.endsWith('/');
      cpSync(origin, isFolder ? join(app, basename(source)) : join(app, target), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !isLeftOut(path),
      });
    }
  }
}

function run(command: string, cwd: string): void {
  const { NODE_ENV: _node, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { cwd, env, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}:\n${stdout}\n${stderr}`);
}
