import { isNode } from '../../../model/cluster.ts';
import { plural } from '../../../model/plural.ts';
import type { PastCheck, Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

/** Docker's containers have a check of their own (Docker). */
const docker = 'moby';
const kubernetes = 'k8s.io';

/** Containers of a containerd that kboot is about to replace: of an earlier cluster, or of somebody else. */
export const runningContainers: PastCheck = (host, seen) => {
  if (!isNode(host) || seen.clusterId !== '') return [];
  const { containers } = seen.past;
  const old = containers[kubernetes] ?? 0;
  const others = Object.keys(containers).filter((name) => name !== kubernetes && name !== docker);
  const count = others.reduce((sum, name) => sum + (containers[name] ?? 0), 0);
  return [
    ...(old === 0
      ? []
      : [
          {
            check: 'Containers',
            level: 'error',
            message: `${plural(old, 'container')} of an earlier Kubernetes cluster still run here`,
            ...remedyFields(remedies.stopContainers),
          } satisfies Shortcoming,
        ]),
    ...(count === 0
      ? []
      : [
          {
            check: 'Containers',
            level: 'error',
            message: `containerd runs ${plural(count, 'container')} of somebody else (namespace ${others.join(', ')}); kboot replaces it, and \`kboot reset\` deletes all its data`,
            ...remedyFields(remedies.sharedContainerd),
          } satisfies Shortcoming,
        ]),
  ];
};
