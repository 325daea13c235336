/**
 * The metrics of processes that have just started.
 * @loads-anew
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { parse } from 'yaml';
import { metricsText } from '#libs/observability';
import '#libs/runtime'; // as every process does
import { createApi } from '../../../apps/api/src/api-app';
import { createWorker } from '../../../apps/worker/src/worker-process';
import { NO_DATABASE, testConfig } from '../../support/settings';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}
interface Dashboard {
  readonly panels: readonly {
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly links: readonly { readonly url: string }[];
}

const read = (path: string) => readFileSync(join(__dirname, '../../..', path), 'utf8');
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap(({ rules: of }) => [...of]);
const { panels, links } = JSON.parse(read('deploy/grafana/arcadia-cloud.json')) as Dashboard;
const expressions = [...rules.map(({ expr }) => expr), ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))];
/** The names of our metrics and of the process metrics that an expression uses. */
const namesIn = (expr: string) => [...expr.matchAll(/\b(?:arcadia|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);

function isBalanced(expr: string): boolean {
  const opening: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  const open: string[] = [];
  for (const sign of expr.replace(/"[^"]*"/g, '')) {
    if (Object.values(opening).includes(sign)) open.push(sign);
    if (opening[sign] && open.pop() !== opening[sign]) return false;
  }
  return open.length === 0;
}

let exposed: string[];
let text: string;
const apps: INestApplication[] = [];

beforeAll(async () => {
  // The database need not be reachable: a process exports the names of its metrics all the same.
  const config = testConfig({ DATABASE_URL: NO_DATABASE });
  for (const app of [await createApi(config), await createWorker(config)]) apps.push(await app.init());
  text = await metricsText();
  exposed = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
});

it('uses only metrics that api and worker expose', () => {
  const used = [...new Set(expressions.flatMap(namesIn))].sort();
  expect(used.length).toBeGreaterThan(25);
  expect(used.filter((name) => !exposed.includes(name))).toEqual([]);
});

it('uses every metric of ours on the dashboard or in an alarm', () => {
  const used = new Set(expressions.flatMap(namesIn).map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  const ownNames = new Set(exposed.filter((name) => name.startsWith('arcadia_')).map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  expect([...ownNames].filter((name) => !used.has(name))).toEqual([]);
});

it('exports a series at 0 from the start when an alarm counts its first increase, because Prometheus sees none in a series that begins at 1', () => {
  const counted = rules.flatMap(({ alert, expr }) =>
    [...expr.matchAll(/increase\((arcadia_\w+)\{(\w+)=~?"([^"]+)"\}\[[^\]]+\]\)\) > 0/g)].flatMap(
      ([, name = '', label = '', values = '']) =>
        values.split('|').map((value) => ({ alert, series: new RegExp(`^${name}\\{(.*,)?${label}="${value}".*\\} 0$`, 'm') })),
    ),
  );
  expect([...new Set(counted.map(({ alert }) => alert))]).toEqual([
    'ArcadiaRateLimited',
    'ArcadiaDatabaseRestored',
    'ArcadiaOrphans',
    'ArcadiaLateWrite',
  ]);
  for (const { alert, series } of counted)
    expect({ alert, series, exported: series.test(text) }).toEqual({ alert, series, exported: true });
});

it('selects our own processes only in metrics that every Node process exports', () => {
  const general = expressions.flatMap((expr) => expr.match(/\b(?:up|process_\w+|nodejs_\w+)\b(?:\{[^}]*\})?/g) ?? []);
  expect(general.length).toBeGreaterThan(5);
  expect(general.filter((selector) => !selector.endsWith('{job=~"arcadia.*"}'))).toEqual([]);
});

it('writes expressions with balanced brackets', () => {
  expect(expressions.filter((expr) => !isBalanced(expr))).toEqual([]);
});

it('names each alarm once, with a severity and a summary of one line', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, labels, annotations } of rules) {
    expect(alert).toMatch(/^Arcadia[A-Z]/);
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(annotations.summary).not.toContain('\n');
  }
});

it('gives each alarm a description, and a link to the row of the handbook that says what to do (D5)', () => {
  const handbook = read('docs/operations.md');
  for (const { alert, annotations } of rules) {
    const [page, anchor] = annotations.runbook_url.split('#');
    expect({ alert, page }).toEqual({ alert, page: 'docs/operations.md' });
    expect({ alert, explained: handbook.includes(`| <a id="${anchor}"></a>\`${alert}\` |`) }).toEqual({ alert, explained: true });
    expect(annotations.description).toMatch(/^[A-Z].{40,}\.$/);
    expect(annotations.description).not.toMatch(/[`[\]]/);
  }
});

it('explains every panel of the dashboard in a sentence, and links to the handbook (D5)', () => {
  const charts = panels.filter(({ type }) => type !== 'row');
  expect(charts.length).toBeGreaterThan(30);
  expect(charts.filter(({ description = '' }) => !/^.{10,}\.$/.test(description)).map(({ title }) => title)).toEqual([]);
  expect(new Set(charts.map(({ title }) => title)).size).toBe(charts.length);
  expect(links.map(({ url }) => url)).toContainEqual(expect.stringContaining('docs/operations.md#alarms'));
});

it('explains every alarm, and no other, in the handbook', () => {
  const [, section = ''] = /^## Alarms\n(.*?)^## /ms.exec(`${read('docs/operations.md')}\n## `) ?? [];
  const explained = [...section.matchAll(/^\| <a id="\w+"><\/a>`(Arcadia\w+)` \|/gm)].map(([, name = '']) => name);
  expect(explained.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
});
