import { compare } from 'semver';
import { few } from '../../model/few.ts';
import { paths } from '../text/paths.ts';
import type { Obstacle } from '../read-back.ts';
import { isControlPlane, nodeParts } from './node.ts';
import { readStaticPod } from './static-pod.ts';
import type { SeenCluster } from './types.ts';
import { remedies } from '../remedies.ts';

const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Why a cluster whose parts have several versions cannot be taken over: kubeadm is in the middle of an upgrade. */
export function versionObstacles(seen: SeenCluster, version: string): readonly Obstacle[] {
  const pods = seen.nodes.filter(isControlPlane).flatMap(({ metadata: { name } }) =>
    components.flatMap((component) => {
      const text = seen.hosts.get(name)?.files.get(`${paths.manifests}/${component}.yaml`);
      const tag = text === undefined ? version : (readStaticPod(text)?.tag ?? version);
      return tag === version ? [] : [`${component} of ${name} is ${tag}`];
    }),
  );
  const newer = kubelets(seen, (other) => compare(other, version) > 0);
  const other = [...pods, ...newer.map(({ name, kubelet }) => `the kubelet of ${name} is ${kubelet}`)];
  if (other.length === 0) return [];
  return [
    {
      message: `its control plane has several versions: kubeadm-config says ${version}, but ${few(other, 4)}`,
      remedy: remedies.endUpgrade,
    },
  ];
}

/** Kubelets may be older: what that means for the first `up`. */
export function versionWarnings(seen: SeenCluster, version: string): readonly string[] {
  const older = kubelets(seen, (other) => compare(other, version) < 0);
  return older.length === 0
    ? []
    : [
        `the kubelets of ${few(
          older.map(({ name, kubelet }) => `${name} (${kubelet})`),
          3,
        )} are older than ${version}; \`kboot up\` upgrades them: it drains these nodes, a few at a time`,
      ];
}

function kubelets(
  seen: SeenCluster,
  matches: (version: string) => boolean,
): readonly { readonly name: string; readonly kubelet: string }[] {
  return seen.nodes.flatMap((node) => {
    const kubelet = nodeParts(node).status?.nodeInfo?.kubeletVersion ?? '';
    return /^v\d+\.\d+\.\d+/.test(kubelet) && matches(kubelet) ? [{ name: node.metadata.name, kubelet }] : [];
  });
}
