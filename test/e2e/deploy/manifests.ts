import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { inRoot } from './product-facts';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly securityContext?: object;
  readonly resources?: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface PodSpec {
  readonly securityContext?: object;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly projected?: { readonly sources: readonly SecretSource[] };
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

interface SecretSource {
  readonly secret?: { readonly name: string; readonly items: readonly { readonly key: string; readonly path: string }[] };
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly replicas?: number;
    readonly template?: PodTemplate;
    /** These fields belong to a CronJob. */
    readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
    readonly schedule?: string;
    readonly suspend?: boolean;
    readonly concurrencyPolicy?: string;
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
    /** These fields belong to a PodMonitor. */
    readonly jobLabel?: string;
    readonly podMetricsEndpoints?: readonly { readonly port: string; readonly path: string }[];
    readonly scaleTargetRef?: { readonly name: string };
    readonly triggers?: readonly { readonly type: string; readonly metadata: Readonly<Record<string, string>> }[];
  };
  readonly data?: Readonly<Record<string, string>>;
}

const KUBERNETES = inRoot('deploy/kubernetes');

/** Returns every document of a folder's files except those of kustomize. Throws on invalid YAML. */
export function manifestsOf(folder: string): Manifest[] {
  const files = readdirSync(join(KUBERNETES, folder)).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
  return files.flatMap((name) => documents(readFileSync(join(KUBERNETES, folder, name), 'utf8')));
}

/** Renders an overlay with kustomize. Returns undefined where kubectl is not installed. */
export function rendered(folder: string): Manifest[] | undefined {
  const { error, status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8', maxBuffer: 1 << 24 });
  if (error) return undefined;
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  return documents(stdout);
}

export const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;

/** Returns each pod template with its only container. */
export function podsOf(
  manifests: readonly Manifest[],
): { name: string; labels: Readonly<Record<string, string>>; pod: PodSpec; container: Container }[] {
  return manifests.flatMap(({ metadata: { name }, spec }) => {
    const template = spec?.template ?? spec?.jobTemplate?.spec.template;
    const [container] = template?.spec.containers ?? [];
    return template && container ? [{ name, labels: template.metadata.labels, pod: template.spec, container }] : [];
  });
}

function documents(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(`${text.slice(0, 80)}…: ${document.errors.map(String).join('; ')}`);
    return document.toJS() as Manifest;
  });
}
