import { isNode, type Host } from '../../model/cluster.ts';
import { plural } from '../../model/plural.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';

/**
 * A Docker whose containerd kboot would replace. Its containers live through `up`, but no reset gives them back:
 * containerd's record of them, and with it Docker's grip, goes with /var/lib/containerd.
 */
export function dockerThere(host: Host, { dockerContainers }: Inspection): Omit<Finding, 'host'> | undefined {
  if (!isNode(host) || dockerContainers === null) return undefined;
  const what = dockerContainers === 0 ? 'works' : `runs ${plural(dockerContainers, 'container')}`;
  return {
    check: 'Docker',
    level: 'error',
    message: `Docker ${what} through the containerd of this host; kboot puts its own in that place, and \`kboot reset\` deletes what it holds, Docker's included`,
    remedy: 'Use a host without Docker, or remove it from this one (package docker.io or docker-ce).',
  };
}
