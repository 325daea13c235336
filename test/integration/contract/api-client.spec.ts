import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { createTestApp, type TestApp } from '../../support/test-app';

const ORDER = `
import type { components, operations } from './client';
type Start = operations['Sagas_start']['requestBody']['content']['application/json'];
export const order: Start = {
  kind: 'provision_droplet',
  input: { name: 'acme-web-02', size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64', tags: ['web'] },
};
type Plan = operations['Sagas_start']['responses'][200]['content']['application/json']['data'];
export const plannedOnly: NonNullable<operations['Sagas_start']['parameters']['query']> = { dry_run: 'true' };
export const confirmed = (plan: Plan): Start | undefined => (plan.refused ? undefined : { ...order, plan_hash: plan.plan_hash });
export const monthly = (plan: Plan): string | null => plan.creates[0]?.price?.monthly ?? plan.cost.delta_monthly;
export const statusOf = (saga: components['schemas']['SagaResponse']): 'completed' | 'failed' | string => saga.status;
`;

let api: TestApp;
let folder: string;

beforeAll(async () => {
  api = await createTestApp();
  folder = mkdtempSync(join(tmpdir(), 'arcadia-client-'));
  const { body } = (await api.http().get('/api/openapi.json').expect(200)) as { body: object };
  writeFileSync(join(folder, 'client.ts'), generatedClient(body));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.close();
});

it('gives a generated TypeScript client in which the order of a droplet has a typed input, and is planned and confirmed [TNT-4]', () => {
  expect(problemsOf('order.ts', ORDER)).toEqual([]);
});

it.each([
  ['a field that the input does not have', ORDER.replace('region:', 'regoin:')],
  ['a field of the wrong type', ORDER.replace("tags: ['web']", 'tags: 7')],
  ['a saga kind that does not exist', ORDER.replace("'provision_droplet'", "'provision_dropet'")],
  ['a field that a plan does not have', ORDER.replace('plan.refused', 'plan.refusal')],
  ['the input of another saga kind', ORDER.replace("'provision_droplet'", "'resize_droplet'")],
])('gives a client that does not compile with %s', (_what, source) => {
  expect(problemsOf('order.ts', source)).not.toEqual([]);
});

/** The generator is an ES module that jest's transform does not cover, so it runs in a separate process. */
function generatedClient(document: object): string {
  const input = join(folder, 'openapi.json');
  writeFileSync(input, JSON.stringify(document));
  const cli = join(__dirname, '../../../node_modules/openapi-typescript/bin/cli.js');
  return execFileSync(process.execPath, [cli, input], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function problemsOf(name: string, source: string): string[] {
  const file = join(folder, name);
  writeFileSync(file, source);
  const program = ts.createProgram([file], { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2023 });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
