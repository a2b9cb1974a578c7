import { artifacts } from '../../src/catalog/artifacts.ts';
import { sumPath } from '../../src/catalog/published.ts';
import { knownSum, pinsOf, type Release } from '../../src/catalog/release.ts';
import { sha256 } from '../../src/model/digest.ts';
import { fileAt, serve, type FakeServer } from './servers.ts';

export interface Publisher extends FakeServer {
  /** What is served at a path instead of what is published. */
  readonly texts: Map<string, string>;
}

/**
 * A mirror with the checksums of a Kubernetes version, those of the catalog where it has them, and kubeadm's source with
 * these versions; a checksum is of `fileAt`.
 */
export async function startPublisher(
  version: string,
  pins: { readonly etcd: string; readonly coredns: string; readonly pause: string },
): Promise<Publisher> {
  const own = pinsOf(version);
  if (own === undefined) throw new Error(`the catalog does not know ${version}`);
  const texts = new Map<string, string>();
  const sums = new Map<string, string>();
  const release = { ...own, ...pins, kubernetesVersion: version, files: { amd64: {}, arm64: {} } };
  for (const arch of ['amd64', 'arm64'] as const)
    for (const artifact of artifacts(release as unknown as Release, arch)) {
      const sum = knownSum(artifact.name, artifact.version, arch) ?? sha256(fileAt(artifact.mirrorPath));
      const path = sumPath(artifact);
      const alone = artifact.name.startsWith('kube');
      sums.set(path, alone ? sum : `${sums.get(path) ?? ''}${sum}  ${artifact.fileName}\n`);
    }
  sums.set(
    `raw.githubusercontent.com/kubernetes/kubernetes/${version}/cmd/kubeadm/app/constants/constants.go`,
    `\tDefaultEtcdVersion = "${pins.etcd}"\n\tCoreDNSVersion = "${pins.coredns}"\n\tPauseVersion = "${pins.pause}"\n`,
  );
  const server = await serve(({ url = '' }) => {
    const path = url.slice(1);
    const text = texts.get(path) ?? sums.get(path);
    return text === undefined ? 404 : Buffer.from(text);
  });
  return { ...server, texts };
}
