import { dirname } from 'node:path/posix';
import type { Cluster, Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { manifestPath, manifestsFolder } from '../../resource/static-pod.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** Static Pods that neither kboot nor spec.files puts on this host. The kubelet skips dot files. */
export function foreignManifests(
  host: Host,
  { manifests }: Inspection,
  { files = [] }: Cluster,
): Omit<Finding, 'host'> | undefined {
  const known = new Set([
    ...(host.roles.includes('control-plane')
      ? ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(manifestPath)
      : []),
    ...files
      .filter(({ path, hosts }) => dirname(path) === manifestsFolder && hosts.includes(host.name))
      .map(({ path }) => path),
  ]);
  const foreign = manifests.filter(
    (name) => !name.startsWith('.') && !known.has(`${manifestsFolder}/${name}`),
  );
  if (foreign.length === 0) return undefined;
  return {
    check: 'ForeignManifests',
    level: 'error',
    message: `${manifestsFolder} holds ${foreign.join(', ')}; the kubelet runs every file there`,
    ...remedyFields(remedies.moveManifests),
  };
}
