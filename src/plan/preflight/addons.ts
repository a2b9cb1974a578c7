import type { DesiredAddon } from '../../kube/addons.ts';
import { differences } from '../../kube/differences.ts';
import { isDefinition, isNamespaced, isOwnKind, refKey } from '../../kube/scopes.ts';
import { objectTitle } from '../../kube/types.ts';
import { hostsWith, type Cluster } from '../../model/cluster.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { inApi } from '../diff/addons.ts';
import { mustReplace } from '../diff/immutable.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/**
 * Objects of add-ons that the API refuses: they do not fit the schema of their kind, or change what cannot change. It was
 * asked, and stored nothing.
 */
export function addonFindings(
  cluster: Pick<Cluster, 'hosts'>,
  addons: readonly DesiredAddon[],
  seen: ClusterObservation,
): readonly Finding[] {
  const live = seen.state === 'present' ? seen.addons : undefined;
  if (live === undefined) return [];
  const host = hostsWith(cluster, 'control-plane')[0]?.name ?? '';
  const changing = addons
    .flatMap(({ objects }) => objects)
    .filter((object) => isDefinition(object) && live.dryRuns.has(refKey(object)));
  return addons.flatMap(({ name, objects }) =>
    objects.flatMap((stated): Finding[] => {
      const object = inApi(stated, live);
      const dry = live.dryRuns.get(refKey(object));
      const found = live.objects.get(refKey(object));
      if (dry === undefined || !('refused' in dry) || !dry.isInvalid) return [];
      // With its CRD, its schema changes before it is applied.
      if (!isOwnKind(object) && isNamespaced(object, changing) !== undefined) return [];
      if (found !== undefined && mustReplace(found, differences(object, found)) !== undefined) return [];
      return [
        {
          check: 'AddonObject',
          level: 'error',
          host,
          message: `${objectTitle(object)} of add-on ${name}: ${dry.refused}`,
          ...remedyFields(remedies.correctObject),
        },
      ];
    }),
  );
}
