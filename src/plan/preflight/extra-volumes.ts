import type { Cluster, Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { neededPaths } from '../../model/pod-mounts.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/**
 * What static Pods mount or read must be on the host: kboot and spec.files do not put it there. A hook may, so that with
 * hooks for this host it is a warning.
 */
export function extraVolumesThere(
  host: Host,
  { podPaths = {} }: Inspection,
  cluster: Cluster,
): readonly Omit<Finding, 'host'>[] {
  const hooked = (cluster.hooks ?? []).some(({ on }) => on !== 'operator' && on.includes(host.name));
  return neededPaths(cluster, host).flatMap(({ pod, path, type }): Omit<Finding, 'host'>[] => {
    const found = podPaths[path];
    if (found === undefined || found === type || (type === '' && found !== 'absent')) return [];
    const what = found === 'absent' ? 'does not exist' : `is not a ${type}`;
    return [
      {
        check: 'ExtraVolumes',
        level: hooked ? 'warning' : 'error',
        message: `${path} ${what}, and the static Pod ${pod} does not start without it`,
        ...remedyFields(remedies.addPath),
      },
    ];
  });
}
