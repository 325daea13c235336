import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');
/** Folders of `libs` that contain libraries. `libs/kernel` is a library itself. */
const FLOORS = ['libs/platform', 'libs/engine', 'libs/features'];

export interface SourceFile {
  /** The path from the root of the repository. */
  readonly path: string;
  /** The app or library of the file: `apps/api`, `libs/kernel`, `libs/platform/config`, … */
  readonly room: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

/** Returns every TypeScript file below the folders with its imports. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(folder))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return {
        path,
        room: roomOfPath(path),
        lines: text.split('\n').length - 1,
        imports: ts.preProcessFile(text).importedFiles.map((file) => file.fileName),
      };
    });
}

/** Returns the folders of apps, or of libraries on all layers. */
export function rooms(folder: 'apps' | 'libs'): string[] {
  if (folder === 'apps') return foldersIn('apps');
  return foldersIn('libs').flatMap((floor) => (FLOORS.includes(floor) ? foldersIn(floor) : [floor]));
}

/** Returns the last part of a library's folder, which is its name in `#libs/<name>`. */
export function libraryName(room: string): string {
  return room.slice(room.lastIndexOf('/') + 1);
}

function foldersIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [`${folder}/${entry.name}`] : [],
  );
}

function roomOfPath(path: string): string {
  const parts = path.split('/');
  return parts.slice(0, FLOORS.includes(parts.slice(0, 2).join('/')) ? 3 : 2).join('/');
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Returns the app or library to which an import leads, or undefined for packages and built-in modules. */
export function roomOf(from: SourceFile, imported: string): string | undefined {
  if (imported.startsWith('#libs/')) return rooms('libs').find((room) => libraryName(room) === imported.slice('#libs/'.length)) ?? imported;
  if (!imported.startsWith('.')) return undefined;
  return roomOfPath(relative(ROOT, resolve(ROOT, dirname(from.path), imported)));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}
