import { join } from 'node:path';

/** The deployables: `npm start` runs them as children, `npm run start:<name>` runs one in its own process. */
export type ProcessName = 'api' | 'worker' | 'simulator';

/** Built scripts, found in `dist/apps`. */
export function scriptOf(name: ProcessName | 'cli'): string {
  return join(__dirname, '../../../../../apps', name, 'src', 'main.js');
}
