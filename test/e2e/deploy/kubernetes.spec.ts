import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QUEUE_NAMES } from '#libs/queues';
import { HelpRequested } from '../../../apps/cli/src/command-line';
import { auditVerify } from '../../../apps/cli/src/commands/audit-verify';
import { eventsArchive } from '../../../apps/cli/src/commands/events-archive';
import { hasKubectl, manifestsOf, podsOf, rendered, type Container, type Manifest } from './manifests';
import { appOf, cliCommandOf, declaredMetrics, inRoot, isHealthAddress, READ_NAMES, SECRETS, SHUTDOWN_S } from './product-facts';

const base = manifestsOf('base');
/** Returns the time in ms for which the container waits before it receives the signal. */
const preStopMs = ({ lifecycle }: Container): number =>
  Number(/setTimeout\(.*, (\d+)\)/.exec(lifecycle?.preStop.exec.command.at(-1) ?? '')?.[1] ?? 0);
const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((manifest) => manifest.kind === kind);
const pods = podsOf(base);
const services = pods.filter(({ container: { command } }) => appOf(command) !== 'cli');
const record = ofKind(base, 'CronJob');
const namesIn = (container: Container) => (container.env ?? []).map(({ name }) => name);
const valueIn = (container: Container, name: string) => container.env?.find((variable) => variable.name === name)?.value;

it('runs migrate, api, a worker per group of queues, and the audit commands', () => {
  expect(pods.map(({ name, container: { command } }) => [name, cliCommandOf(command)?.name ?? appOf(command)])).toEqual([
    ['arcadia-api', 'api'],
    ['arcadia-migrate', 'migrate'],
    ['arcadia-audit-verify', 'audit:verify'],
    ['arcadia-events-archive', 'events:archive'],
    ['arcadia-worker-billing', 'worker'],
    ['arcadia-worker-notifications', 'worker'],
    ['arcadia-worker-provisioning', 'worker'],
    ['arcadia-worker-sync', 'worker'],
  ]);
});

it('serves every queue of the catalog by exactly one group of workers', () => {
  const served = pods.flatMap(({ container }) => valueIn(container, 'WORKER_QUEUES')?.split(',') ?? []);
  expect(served.sort()).toEqual([...QUEUE_NAMES].sort());
});

it('sets only variables that the product reads', () => {
  const patches = ['api', 'worker', 'migrate', 'audit-verify', 'events-archive'].map((name) =>
    readFileSync(inRoot(`deploy/kubernetes/components/vault/${name}.patch.yaml`), 'utf8'),
  );
  const patched = patches.flatMap((text) => [...text.matchAll(/- \{ name: ([A-Z]\w+)/g)].map(([, name]) => name ?? ''));
  const literals = ['base', 'overlays/example'].flatMap((folder) => {
    const text = readFileSync(inRoot('deploy/kubernetes', folder, 'kustomization.yaml'), 'utf8');
    return [...text.matchAll(/^ +- ([A-Z][A-Z_]+)=/gm)].map(([, name]) => name ?? '');
  });
  expect(literals).not.toEqual([]);
  expect([...pods.flatMap(({ container }) => namesIn(container)), ...patched, ...literals].filter((name) => !READ_NAMES.has(name))).toEqual(
    [],
  );
});

it('refers to secrets without containing any, and mounts each as a file where it is needed [TEN-8]', () => {
  expect(ofKind(base, 'Secret')).toEqual([]);
  for (const { name, pod, container } of pods) {
    expect({ name, inTheOpen: namesIn(container).filter((variable) => SECRETS.includes(variable)) }).toEqual({ name, inTheOpen: [] });
    const sources = pod.volumes?.flatMap(({ projected }) => projected?.sources.flatMap(({ secret }) => secret?.items ?? []) ?? []) ?? [];
    const wanted = (container.env ?? []).flatMap(({ name: variable, value }) => (variable.endsWith('_FILE') ? [String(value)] : []));
    expect({ name, mounted: sources.map(({ path }) => `/run/secrets/arcadia/${path}`).sort() }).toEqual({ name, mounted: wanted.sort() });
  }
  const holders = (variable: string) => pods.filter(({ container }) => namesIn(container).includes(variable)).map(({ name }) => name);
  expect(holders('DATABASE_OWNER_URL_FILE')).toEqual(['arcadia-migrate', 'arcadia-events-archive']);
  const withoutToken = ['arcadia-api', 'arcadia-worker-notifications'];
  expect(holders('DO_API_TOKEN_FILE')).toEqual(services.map(({ name }) => name).filter((name) => !withoutToken.includes(name)));
  expect(holders('SECRETS_KEY_FILE')).toEqual(withoutToken);
});

it('probes liveness and readiness at addresses that the processes serve, and restarts no process because of an outage elsewhere [OPS-6]', () => {
  for (const { name, pod, container } of services) {
    const port = container.ports?.find(({ name: portName }) => portName === 'http')?.containerPort ?? 0;
    const app = appOf(container.command);
    expect({ name, own: valueIn(container, app === 'api' ? 'PORT' : 'WORKER_PORT') }).toEqual({ name, own: String(port) });
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      expect(probe?.httpGet.port).toBe('http');
      expect(isHealthAddress(app, port, probe?.httpGet.path ?? '')).toBe(true);
    }
    expect(container.livenessProbe?.httpGet.path).not.toContain('ready');
    // A service without ready pods receives no requests, and reads must work during an outage of the queues.
    expect(container.readinessProbe?.httpGet.path).toContain(app === 'api' ? 'serving' : 'ready');
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(SHUTDOWN_S + preStopMs(container) / 1_000);
  }
});

it('keeps an api listening after the signal until proxies have removed its address [OPS-6]', () => {
  const [api] = pods.filter(({ name }) => name === 'arcadia-api');
  expect(api && preStopMs(api.container)).toBeGreaterThanOrEqual(5_000);
});

it('migrates under Argo CD when the settings and the service account of the same release exist [OPS-5]', () => {
  const [migrate] = ofKind(base, 'Job');
  expect(migrate?.metadata.annotations?.['argocd.argoproj.io/hook']).toBe('Sync'); // In PreSync, before it, the pod could not be created.
});

it('runs no container as root, with writable files outside /tmp, with cluster permissions, or without resource limits', () => {
  for (const { pod, container } of pods) {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(Object.keys(container.resources?.requests ?? {})).toEqual(['cpu', 'memory']);
    expect(container.resources?.limits).toHaveProperty('memory');
  }
});

it('verifies the audit chain every night in one run at a time against a head on a volume, and archives events only on request [INV-14]', async () => {
  const [verify, archive] = record.map(({ metadata: { name }, spec }) => {
    const [{ pod, container } = {}] = pods.filter((one) => one.name === name);
    return { spec, pod, container, command: cliCommandOf(container?.command ?? []) };
  });
  expect(verify?.spec).toMatchObject({ schedule: expect.stringMatching(/^\d+ \d+ \* \* \*$/) as string, concurrencyPolicy: 'Forbid' });
  expect(verify?.spec.suspend).toBeUndefined();
  const [flag, head = ''] = verify?.command?.flags ?? [];
  expect(flag).toBe('--keep-head');
  const mount = verify?.container?.volumeMounts?.find(({ mountPath }) => head.startsWith(`${mountPath}/`));
  const claim = verify?.pod?.volumes?.find(({ name }) => name === mount?.name)?.persistentVolumeClaim?.claimName;
  expect(ofKind(base, 'PersistentVolumeClaim').map(({ metadata: { name } }) => name)).toEqual([claim]);
  expect(archive?.spec).toMatchObject({ suspend: true, concurrencyPolicy: 'Forbid' });
  await expect(auditVerify([...(verify?.command?.flags ?? []), '--help'])).rejects.toBeInstanceOf(HelpRequested); // The command knows these flags.
  await expect((async () => eventsArchive([...(archive?.command?.flags ?? []), '--help']))()).rejects.toBeInstanceOf(HelpRequested);
});

it('alerts on memory before a container reaches its limit', () => {
  const alarm = readFileSync(inRoot('deploy/prometheus/alerts.yml'), 'utf8');
  const bytes = Number(/process_resident_memory_bytes\{.*\} > (\S+)/.exec(alarm)?.[1]);
  expect(bytes).toBeGreaterThan(300e6);
  for (const { name, container } of services) {
    const mebibytes = Number(/^(\d+)Mi$/.exec(container.resources?.limits?.memory ?? '')?.[1]);
    expect({ name, warned: bytes < 0.9 * mebibytes * 1024 ** 2 }).toEqual({ name, warned: true });
  }
});

it('has a disruption budget for each deployment, and network policies for ingress and egress', () => {
  for (const { name, labels } of services) {
    const budget = ofKind(base, 'PodDisruptionBudget').find(({ metadata }) => metadata.name === name);
    expect(labels).toMatchObject(budget?.spec.selector?.matchLabels ?? { none: 'of this name' });
  }
  expect(ofKind(base, 'NetworkPolicy').map(({ metadata: { name } }) => name)).toContain('arcadia');
});

it('scales by metrics that the product exports', () => {
  const queries = manifestsOf('components/queue-autoscaling').flatMap(
    ({ spec }) => spec.triggers?.map(({ metadata }) => metadata.query ?? '') ?? [],
  );
  const asked = new Set(queries.flatMap((query) => query.match(/arcadia_\w+/g) ?? []).map((name) => name.replace(/_bucket$/, '')));
  const exported = declaredMetrics();
  expect([...asked].filter((name) => !exported.includes(name))).toEqual([]);
  expect(asked).toContain('arcadia_queue_jobs');
  for (const query of queries.filter((one) => one.includes('histogram_quantile'))) expect(query).toMatch(/>= 0\) or vector\(0\)$/); // KEDA treats NaN as a number.
});

it('scrapes every api and worker at its metrics port, under a job name that the alerts select', () => {
  const monitors = manifestsOf('components/monitoring');
  const name =
    /app\.kubernetes\.io\/name: (\S+)/.exec(readFileSync(inRoot('deploy/kubernetes/base/kustomization.yaml'), 'utf8'))?.[1] ?? '';
  expect(name).toMatch(/^arcadia.*/); // The alerts select job=~"arcadia.*".
  const scraped = services.map(({ labels, container: { command, ports } }) => {
    const isOf = ({ spec: { selector } }: Manifest) =>
      Object.entries(selector?.matchLabels ?? {}).every(
        ([label, value]) => ({ ...labels, 'app.kubernetes.io/name': name })[label] === value,
      );
    const [{ spec } = { spec: {} as Manifest['spec'] }, ...more] = monitors.filter(isOf);
    expect({ more, jobLabel: spec.jobLabel }).toEqual({ more: [], jobLabel: 'app.kubernetes.io/name' });
    const [endpoint] = spec.podMetricsEndpoints ?? [];
    return [appOf(command), ports?.find((port) => port.name === endpoint?.port)?.containerPort, endpoint?.path];
  });
  const worker = ['worker', 4006, '/metrics'];
  expect(scraped).toEqual([['api', 4007, '/metrics'], worker, worker, worker, worker]);
});

it('scales each group of workers by the depth of its own queues, and the api by its load', () => {
  const scaled = manifestsOf('components/queue-autoscaling');
  for (const { name, container } of services.filter(({ container: { command } }) => appOf(command) === 'worker')) {
    const scaler = scaled.find(({ spec }) => spec.scaleTargetRef?.name === name);
    const query = scaler?.spec.triggers?.[0]?.metadata.query ?? '';
    expect({ name, queues: /queue=~"([^"]+)"/.exec(query)?.[1]?.split('|') }).toEqual({
      name,
      queues: valueIn(container, 'WORKER_QUEUES')?.split(','),
    });
  }
  expect(ofKind(base, 'HorizontalPodAutoscaler').map(({ spec }) => spec.scaleTargetRef?.name)).toEqual(['arcadia-api']);
});

(hasKubectl ? describe : describe.skip)('the output of kustomize (skipped without kubectl)', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'arcadia-kustomize-'));
    cpSync(inRoot('deploy/kubernetes'), folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('renders the example overlay in its namespace with its image, and without replicas where KEDA sets them', () => {
    const made = rendered(join(folder, 'overlays/example')) ?? [];
    expect(podsOf(made).map(({ container }) => container.image)).toEqual(
      Array(pods.length).fill('registry.example.com/arcadia-cloud:0.2.0'),
    );
    expect(made.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'arcadia')).toEqual([]);
    expect(ofKind(made, 'Deployment').flatMap(({ spec }) => spec.replicas ?? [])).toEqual([]);
    expect(ofKind(made, 'ScaledObject')).toHaveLength(4);
  });

  it('renders the overlay with Vault without Kubernetes secrets', () => {
    const file = join(folder, 'overlays/example/kustomization.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('# - ../../components/vault', '- ../../components/vault'));
    for (const { pod, container } of podsOf(rendered(join(folder, 'overlays/example')) ?? [])) {
      expect(namesIn(container).filter((name) => name.endsWith('_FILE'))).toEqual([]);
      expect(namesIn(container)).toEqual(
        expect.arrayContaining(['VAULT_ADDR', 'VAULT_SECRETS', 'VAULT_ROLE', 'VAULT_KUBERNETES_TOKEN_PATH']),
      );
      expect(pod.volumes?.flatMap(({ projected }) => projected?.sources.flatMap(({ secret }) => secret ?? []) ?? [])).toEqual([]);
      const others = container.volumeMounts?.map(({ mountPath }) => mountPath).filter((path) => path !== '/var/lib/arcadia');
      expect(others?.sort()).toEqual(['/run/secrets/vault', '/tmp']);
    }
  });
});
