import semver from 'semver';
import { KbootError } from '../model/error.ts';
import { child } from '../transport/child.ts';
import { remedies } from './remedies.ts';

/** The first helm that takes OCI charts and --kube-version as kboot does. */
const oldest = '3.8.0';
const seconds = 60;
const mostBytes = 32 * 1024 * 1024;

/** What helm renders. */
export interface HelmTemplate {
  /** In messages: `add-on ingress`. */
  readonly title: string;
  /** A folder or an archive on this machine. */
  readonly chart: string;
  readonly release: string;
  readonly namespace: string;
  /** `v1.36.2` */
  readonly kubernetesVersion: string;
  /** What the API serves besides its own kinds: `example.com/v1`, `example.com/v1/Widget`. */
  readonly apiVersions: readonly string[];
  /** Absolute paths. */
  readonly valuesFiles: readonly string[];
  /** Win over those of the files. They reach helm on its stdin, since they may be secret. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** No cluster is contacted, and no plugin is loaded. */
const alone = { HELM_NO_PLUGINS: '1', KUBECONFIG: '/dev/null' };

/**
 * The manifest of a chart, with its CRDs and hooks, rendered by helm on this machine. Throws KbootError E-ADDON if helm
 * fails.
 */
export async function helmTemplate(what: HelmTemplate): Promise<string> {
  const { title, chart, release, namespace, kubernetesVersion, apiVersions, valuesFiles, values } = what;
  const run = child({ input: JSON.stringify(values), timeout: `${seconds}s` }, alone);
  const files = valuesFiles.flatMap((file) => ['--values', asCsv(file)]);
  const served = apiVersions.flatMap((version) => ['--api-versions', version]);
  const answer =
    await run`helm template ${release} ${chart} --namespace ${namespace} --include-crds --kube-version ${kubernetesVersion} ${served} ${files} --values -`;
  return output(title, chart, answer);
}

/** helm takes commas and quotes of --values for CSV, in which one flag may name several files. */
function asCsv(path: string): string {
  return /[",\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
}

/** The CRDs in a chart's folder crds/. Throws KbootError E-ADDON if helm is not installed, too old, or fails. */
export async function helmCrds(title: string, chart: string): Promise<string> {
  const run = child({ stdio: ['ignore', 'pipe', 'pipe'], timeout: `${seconds}s` }, alone);
  const [, answer] = await Promise.all([refuseOldHelm(title), run`helm show crds ${chart}`]);
  return output(title, chart, answer);
}

/** What a program has left. */
interface Ended {
  /** null: its time was over. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function output(title: string, chart: string, { exitCode, stdout, stderr }: Ended): string {
  if (exitCode !== 0)
    throw new KbootError('E-ADDON', `${title}: helm could not render ${chart}`, {
      detail: exitCode === null ? `it did not end within ${seconds} s` : stderr.trim(),
      remedy: remedies.correctChart,
    });
  if (stdout.length > mostBytes)
    throw new KbootError('E-ADDON', `${title}: helm rendered more than ${mostBytes / 1024 / 1024} MiB`);
  return stdout;
}

async function refuseOldHelm(title: string): Promise<void> {
  const run = child({ stdio: ['ignore', 'pipe', 'pipe'], timeout: '20s' }, alone);
  const { exitCode, stdout, stderr } = await run`helm version --template ${'{{.Version}}'}`;
  const remedy = remedies.installHelm({ oldest });
  if (exitCode === 127)
    throw new KbootError('E-ADDON', `${title} is a chart, and helm is not installed`, { remedy });
  const version = semver.coerce(stdout);
  if (exitCode !== 0 || version === null)
    throw new KbootError('E-ADDON', `${title}: \`helm version\` does not say which version it has`, {
      detail: `${stdout}\n${stderr}`.trim(),
      remedy,
    });
  if (semver.lt(version, oldest))
    throw new KbootError('E-ADDON', `${title} needs helm ${oldest} or newer; this is ${version.version}`, {
      remedy,
    });
}
