import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

it.each(['api/src/api-process.js', 'worker/src/worker-process.js'])(
  'loads neither the board, OpenTelemetry nor swagger when %s starts',
  (file) => {
    const script = `require('./dist/apps/${file}'); process.stdout.write(JSON.stringify(Object.keys(require.cache)))`;
    const loaded = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' })) as string[];
    expect(loaded.some((path) => path.includes('/prom-client/'))).toBe(true);
    // prom-client itself loads OpenTelemetry's interfaces
    expect(loaded.filter((path) => /@opentelemetry\/(?!api\/)|@bull-board|@nestjs\/swagger|\/ejs\//.test(path))).toEqual([]);
  },
);

it.each(['api', 'worker'])('loads no second copy of a package beside those that are packed into the %s', (name) => {
  const script = `require('./dist/processes/${name}.js'); process.stdout.write(JSON.stringify(Object.keys(require.cache)))`;
  const loaded = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' })) as string[];
  const locales = join(ROOT, 'node_modules/zod/v4/locales/index.cjs'); // an empty module in their place
  expect(loaded.filter((path) => path.includes('/node_modules/') && path !== locales)).toEqual([]);
});
