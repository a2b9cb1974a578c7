import { isNode, type Host } from '../../model/cluster.ts';
import { plural } from '../../model/plural.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/**
 * A Docker whose containerd kboot would replace. Its containers survive `up`, but a reset does not restore them:
 * containerd's metadata, without which Docker cannot manage them, is deleted with /var/lib/containerd.
 */
export function dockerThere(host: Host, { dockerContainers }: Inspection): Omit<Finding, 'host'> | undefined {
  if (!isNode(host) || dockerContainers === null) return undefined;
  const what = dockerContainers === 0 ? 'works' : `runs ${plural(dockerContainers, 'container')}`;
  return {
    check: 'Docker',
    level: 'error',
    message: `Docker ${what} through the containerd of this host; kboot replaces it with its own, and \`kboot reset\` deletes all its data, including Docker's`,
    ...remedyFields(remedies.noDocker),
  };
}
