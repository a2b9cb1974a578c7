import { load } from 'js-yaml';
import type { SeenCluster, SeenHost } from '../desire/adopt/types.ts';
import { readStaticPod } from '../desire/adopt/static-pod.ts';
import { paths } from '../desire/text/paths.ts';
import { refused, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Reader } from '../transport/types.ts';
import { probeHost } from './probe.ts';
import { readTexts } from './texts.ts';

const apiServerManifest = `${paths.manifests}/kube-apiserver.yaml`;
/** The first is on the control plane that was made first only. */
const adminConfs = ['/etc/kubernetes/super-admin.conf', '/etc/kubernetes/admin.conf'];

/** Files that tell how the components of a host run. */
const files = [
  ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
    (name) => `${paths.manifests}/${name}.yaml`,
  ),
  ...[paths.kubeletConfig, paths.kubeletFlags, `${paths.pki}/apiserver.crt`],
  ...adminConfs,
];

/** Reads one host of a cluster that another tool made: two execs. Throws KbootError E-PROBE, and those of the Reader. */
export async function readForeignHost(reader: Reader): Promise<SeenHost> {
  const { inspection } = await probeHost(reader, []);
  return { inspection, files: await readTexts(reader, files) };
}

/** How to ask the API server of a control plane as its administrator; undefined if the host has none. */
export function apiOf({
  files: texts,
}: Pick<SeenHost, 'files'>): { readonly address: string; readonly credentials: KubeCredentials } | undefined {
  const address = readStaticPod(texts.get(apiServerManifest) ?? '')?.args.findLast(
    ({ name }) => name === 'advertise-address',
  )?.value;
  const credentials = adminConfs.flatMap((path) => credentialsIn(texts.get(path) ?? '') ?? [])[0];
  return address === undefined || credentials === undefined ? undefined : { address, credentials };
}

function credentialsIn(text: string): KubeCredentials | undefined {
  const decoded = (value: unknown): string =>
    typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  try {
    const { clusters, users } = (load(text) ?? {}) as {
      readonly clusters?: readonly { readonly cluster?: Readonly<Record<string, unknown>> }[];
      readonly users?: readonly { readonly user?: Readonly<Record<string, unknown>> }[];
    };
    const caPem = decoded(clusters?.[0]?.cluster?.['certificate-authority-data']);
    const user = users?.[0]?.user ?? {};
    const certificatePem = decoded(user['client-certificate-data']);
    const keyPem = decoded(user['client-key-data']);
    return caPem !== '' && certificatePem !== '' && keyPem !== ''
      ? { caPem, certificatePem, keyPem }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what the API knows of a cluster that another tool made. Throws KbootError E-KUBE-API. */
export async function observeForeignCluster(kube: KubeClient): Promise<Omit<SeenCluster, 'hosts'>> {
  const list = async (path: string): Promise<readonly KubeObject[]> => {
    const response = await kube.request('GET', path);
    if (response.status !== 200) throw refused(`reading ${path}`, response);
    return (response.body as { readonly items: readonly KubeObject[] }).items;
  };
  const [nodes, daemonSets, system, flannel] = await Promise.all([
    list('/api/v1/nodes'),
    list('/apis/apps/v1/daemonsets'),
    list('/api/v1/namespaces/kube-system/configmaps'),
    list('/api/v1/namespaces/kube-flannel/configmaps'),
  ]);
  return {
    nodes: oldestFirst(nodes),
    daemonSets,
    configMaps: new Map(
      [...flannel, ...system].map((each) => [
        each.metadata.name,
        (each['data'] ?? {}) as Readonly<Record<string, string>>,
      ]),
    ),
  };
}

/** The first control plane of the list is then the one that kubeadm made first. */
function oldestFirst(nodes: readonly KubeObject[]): readonly KubeObject[] {
  const since = ({ metadata }: KubeObject): string =>
    (metadata as { readonly creationTimestamp?: string }).creationTimestamp ?? '';
  return [...nodes].sort((one, other) =>
    since(one) === since(other)
      ? one.metadata.name < other.metadata.name
        ? -1
        : 1
      : since(one) < since(other)
        ? -1
        : 1,
  );
}
