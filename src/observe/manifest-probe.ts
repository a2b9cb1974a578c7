import { setLineBreak } from '../model/shell.ts';
import { staticPodComponents } from '../model/component.ts';
import { encryptionFlag } from '../model/encryption.ts';
import type { Inspection } from '../model/inspection.ts';
import { kubeletCaFlag } from '../model/kubelet-serving.ts';
import { manifestPath } from '../resource/static-pod.ts';
import type { FoundPart, Search } from './search.ts';

/** What starts etcd on a host: the first that there is. */
export const etcdStarters = [manifestPath('etcd'), '/etc/systemd/system/etcd.service'] as const;
const server = manifestPath('kube-apiserver');
/** A value ends where an argument does. */
const value = `[^[:space:]"']*`;
/** It becomes a word of a shell. */
const folder = '/[A-Za-z0-9._/-]*';

/** Versions and flags in the files that static Pods and etcd's service are started with. Of several in a file, the first counts. */
export const manifestParts: Search = {
  files: [...etcdStarters, ...staticPodComponents.map(manifestPath)],
  patterns: [
    `/(${staticPodComponents.join('|')}):[A-Za-z0-9._-]*`,
    `--(etcd-servers|${kubeletCaFlag}|${encryptionFlag}|initial-cluster|initial-cluster-state)=${value}`,
    `--data-dir=${folder}`,
  ],
};

/** Shell, after searchParts: the folder that a member on this host is started with becomes `$r`; empty without one. */
export const findEtcdDataDir = `${setLineBreak}; r=
for f in ${etcdStarters.join(' ')}; do
  case "$n$parts$n" in *"$n$f:--data-dir="*) r=\${parts#*"$f:--data-dir="}; r=\${r%%"$n"*}; break ;; esac
done`;

type Manifests = Pick<
  Inspection,
  'podVersions' | 'etcdServers' | 'etcdInitialCluster' | 'etcdInitialState' | 'verifiesKubelets' | 'encrypts'
>;

/** Reads what manifestParts found. `manifests`: the names of the files in the folder; `hasEncryptionFile`: kboot's file is there. */
export function readManifests(
  parts: readonly FoundPart[],
  manifests: readonly string[],
  hasEncryptionFile: boolean,
): Manifests {
  const first = (file: string, start: string): string | undefined =>
    parts.find((part) => part.file === file && part.text.startsWith(start))?.text.slice(start.length);
  const starter = manifests.includes('etcd.yaml') ? etcdStarters[0] : etcdStarters[1];
  const versions = staticPodComponents.flatMap((name) => {
    const version = first(manifestPath(name), `/${name}:`) ?? '';
    return version === '' ? [] : [[name, version] as const];
  });
  const encrypts = hasEncryptionFile || (first(server, `--${encryptionFlag}=`) ?? '') !== '';
  return {
    podVersions: Object.fromEntries(versions),
    etcdServers: (first(server, '--etcd-servers=') ?? '').split(',').filter(Boolean),
    etcdInitialCluster: first(starter, '--initial-cluster=') ?? '',
    etcdInitialState: /^[a-z]*/.exec(first(starter, '--initial-cluster-state=') ?? '')?.[0] ?? '',
    ...(encrypts && { encrypts: true as const }),
    ...(first(server, `--${kubeletCaFlag}=`) !== undefined && { verifiesKubelets: true as const }),
  };
}
