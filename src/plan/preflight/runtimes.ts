import type { Cluster, Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { neededPrograms } from '../../model/runtime.ts';
import type { Finding } from './finding.ts';
import { remedyFields } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

/** Programs of runtimes that neither kboot nor spec.files installs. A hook may, so that with hooks for this host it is a warning. */
export function runtimeProgramsThere(
  host: Host,
  { missingPrograms = [] }: Inspection,
  cluster: Cluster,
): readonly Omit<Finding, 'host'>[] {
  const hooked = (cluster.hooks ?? []).some(({ on }) => on !== 'operator' && on.includes(host.name));
  const brought = (cluster.files ?? [])
    .filter(({ hosts }) => hosts.includes(host.name))
    .map(({ path }) => path);
  return neededPrograms(cluster, host)
    .filter(({ program }) => missingPrograms.includes(program))
    .filter(({ program }) => !brought.some((path) => path === program || path.endsWith(`/${program}`)))
    .map(({ runtime, program }) => ({
      check: 'Runtime',
      level: hooked ? 'warning' : 'error',
      message: `${program} is not installed, and Pods of the RuntimeClass ${runtime} do not start without it`,
      ...remedyFields(remedies.installProgram({ runtime })),
    }));
}
