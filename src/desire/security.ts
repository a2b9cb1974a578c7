import type { Cluster } from '../model/cluster.ts';
import { securityProfiles, type SecurityProfile } from '../model/security.ts';
import { hostFolder } from '../resource/prelude.ts';
import { podProcess } from '../resource/static-pod.ts';
import type { Resource } from '../resource/types.ts';
import { acceptedByApiServer } from './api-server-check.ts';
import { folders, type Desire } from './context.ts';
import { securityFilesOf, securityFolder, securityPaths } from './text/hardened.ts';
import { securityText } from './text/security.ts';

/** On control planes: what the cluster is. A lost state folder is made again with it. */
export const profileRecord = `${hostFolder}/security-profile`;

/** What a cluster is, by the files of its control planes in the inventory's order: one of before profiles has none. */
export function recordedProfile(
  { hosts }: Pick<Cluster, 'hosts'>,
  found: ReadonlyMap<string, ReadonlyMap<string, string>>,
): SecurityProfile {
  const texts = hosts.flatMap(({ name }) => found.get(name)?.get(profileRecord)?.trim() ?? []);
  return securityProfiles.find((profile) => profile === texts[0]) ?? 'kubeadm';
}

/** What API servers read of spec.security, before they do. `image`: theirs. */
export function securityFiles(desire: Desire, image: string): readonly Resource[] {
  const { cluster } = desire;
  const { profile } = cluster.security;
  const files = securityFilesOf(cluster);
  return [
    ...(profile === 'kubeadm'
      ? []
      : [
          {
            kind: 'file',
            stage: 'control-plane',
            path: profileRecord,
            mode: '600',
            content: { kind: 'text', text: `${profile}\n` },
          } as const,
        ]),
    ...(files.length === 0 ? [] : folders('control-plane', [securityFolder])),
    ...files.map((file): Resource => {
      const check = acceptedByApiServer(cluster, file, image);
      return {
        kind: 'file',
        stage: 'control-plane',
        path: securityPaths[file],
        mode: '600',
        content: { kind: 'text', text: securityText(desire, file) },
        readBy: [podProcess('kube-apiserver')],
        ...(check !== undefined && { check }),
      };
    }),
  ];
}

/** What API servers no longer read, once they do not. */
export function formerSecurityFiles({ cluster }: Desire): readonly Resource[] {
  const obsolete = (name: string, patterns: readonly string[], keep: readonly string[]): Resource => ({
    ...{ kind: 'obsolete', stage: 'control-plane', name, patterns, keep },
  });
  return [
    obsolete(
      'security',
      [`${securityFolder}/*.yaml`],
      securityFilesOf(cluster).map((file) => securityPaths[file]),
    ),
    ...(cluster.security.profile === 'kubeadm' ? [obsolete('security-profile', [profileRecord], [])] : []),
  ];
}
