import type { SeenCluster, SeenHost } from '../desire/adopt/types.ts';
import { kubeletDefaultsFiles } from '../desire/adopt/settings.ts';
import { readStaticPod } from '../desire/adopt/static-pod.ts';
import { embeddedIn } from '../desire/text/kubeconfig.ts';
import { paths } from '../desire/text/paths.ts';
import type { KubeClient, KubeCredentials } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import type { KubeObject } from '../kube/types.ts';
import { parseCertificate, validity } from '../pki/parse.ts';
import type { Reader } from '../transport/types.ts';
import { probeHost } from './probe.ts';
import { readRunningConfig } from './running-config.ts';
import { readTexts } from './texts.ts';

const apiServerManifest = `${paths.manifests}/kube-apiserver.yaml`;
/** The first is on the control plane that was made first only. */
const adminConfs = ['/etc/kubernetes/super-admin.conf', '/etc/kubernetes/admin.conf'];

/** Files that tell how the components of a host run. */
const files = [
  ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
    (name) => `${paths.manifests}/${name}.yaml`,
  ),
  ...[paths.kubeletConfig, paths.kubeletFlags, ...kubeletDefaultsFiles, `${paths.pki}/apiserver.crt`],
  ...adminConfs,
];

/** Reads one host of a cluster that another tool made: three execs. Throws KbootError E-PROBE, and those of the Reader. */
export async function readForeignHost(reader: Reader): Promise<SeenHost> {
  const { inspection } = await probeHost(reader, []);
  return { inspection, files: await readTexts(reader, files), running: await readRunningConfig(reader) };
}

/** How to ask the API server of a control plane as its administrator; undefined if the host has none. */
export function apiOf({
  files: texts,
}: Pick<SeenHost, 'files'>): { readonly address: string; readonly credentials: KubeCredentials } | undefined {
  const address = readStaticPod(texts.get(apiServerManifest) ?? '')?.args.findLast(
    ({ name }) => name === 'advertise-address',
  )?.value;
  const all = adminConfs.flatMap((path) => credentialsIn(texts.get(path) ?? '') ?? []);
  // kubeadm renews admin.conf; who made the cluster may have put super-admin.conf away, or forgotten it.
  const ends = ({ certificatePem }: KubeCredentials): number => {
    const certificate = parseCertificate(certificatePem);
    return certificate === undefined ? 0 : validity(certificate).notAfter.getTime();
  };
  const credentials = all.find((each) => ends(each) > Date.now()) ?? all[0];
  return address === undefined || credentials === undefined ? undefined : { address, credentials };
}

function credentialsIn(text: string): KubeCredentials | undefined {
  const { ca, cert, key } = embeddedIn(text);
  return [ca, cert, key].includes('') ? undefined : { caPem: ca, certificatePem: cert, keyPem: key };
}

/** Reads what the API knows of a cluster that another tool made. Throws KbootError E-KUBE-API. */
export async function observeForeignCluster(kube: KubeClient): Promise<Omit<SeenCluster, 'hosts'>> {
  const list = (path: string): Promise<readonly KubeObject[]> =>
    listAll(kube, path, (object: KubeObject) => object);
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
  const since = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';
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
