import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  /** `apps/api`, `libs/kernel`, … */
  readonly room: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

/** Every TypeScript file below the folders, with what it imports. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(folder))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return {
        path,
        room: path.split('/').slice(0, 2).join('/'),
        lines: text.split('\n').length - 1,
        imports: ts.preProcessFile(text).importedFiles.map((file) => file.fileName),
      };
    });
}

export function rooms(folder: 'apps' | 'libs'): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [`${folder}/${entry.name}`] : [],
  );
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** The room that an import leads into; undefined for packages and built-ins. */
export function roomOf(from: SourceFile, imported: string): string | undefined {
  if (imported.startsWith('#libs/')) return `libs/${imported.slice('#libs/'.length)}`;
  if (!imported.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(from.path), imported))
    .split('/')
    .slice(0, 2)
    .join('/');
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}
