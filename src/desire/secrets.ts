import { architectures } from '../catalog/data.ts';
import { isNode } from '../model/cluster.ts';
import { addonSecrets, desireAddons } from './addons.ts';
import { textContext, type Desire } from './context.ts';
import { secretTexts } from './pki-files.ts';
import { backupSecrets } from './text/backup.ts';
import { containerdFiles } from './text/containerd.ts';
import { proxyEnvironment } from './text/proxy.ts';
import { registryFiles } from './text/registries.ts';
import { uploadBytes } from './user-work.ts';

/** The bytes of everything that a plan of this cluster refers to by name and digest, by that name. */
export function secretBytes(desire: Desire): Map<string, string | Buffer> {
  const { cluster, pki, renderer } = desire;
  return new Map<string, string | Buffer>([
    ...secretTexts(cluster, pki, renderer),
    ...statedSecrets(desire),
    ...uploadBytes(desire),
    ...addonSecrets(desireAddons(cluster.addons ?? [], desire.addons ?? new Map())),
  ]);
}

/** Texts with secrets that the inventory states. */
export function statedSecrets(desire: Desire): Map<string, string> {
  const files = architectures.flatMap((architecture) => {
    const context = textContext(desire, { architecture });
    return [
      ...proxyEnvironment(context),
      ...registryFiles(context),
      ...backupSecrets(context, desire.cluster.etcd.backup?.s3),
      ...desire.cluster.hosts.filter(isNode).flatMap((host) => containerdFiles(context, host)),
    ];
  });
  return new Map(
    files.flatMap(({ secret, text }): [string, string][] => (secret === undefined ? [] : [[secret, text]])),
  );
}
