import { differences } from '../../kube/differences.ts';
import { refKey } from '../../kube/scopes.ts';
import { objectTitle, type KubeObject } from '../../kube/types.ts';
import { few } from '../../model/few.ts';

/** Objects and, of each, paths that a note names. */
const shown = { objects: 4, paths: 2 };

/** For the plan: objects of a chart that differ between two renderings, with their paths; empty if the renderings are the same. */
export function randomNote(
  addon: string,
  one: readonly KubeObject[],
  other: readonly KubeObject[],
): readonly string[] {
  const again = new Map(other.map((object) => [refKey(object), object]));
  const varying = one.flatMap((object) => {
    const found = again.get(refKey(object));
    const paths =
      found === undefined
        ? ['metadata.name']
        : [...new Set([...differences(object, found), ...differences(found, object)])];
    return paths.length === 0 ? [] : [`${objectTitle(object)} (${few(paths, shown.paths)})`];
  });
  if (varying.length === 0) return [];
  return [
    `add-on ${addon}: its chart renders other values each time: ${few(varying, shown.objects)}. Every plan changes them, and a saved plan is stale. Set them in chart.values, or have the chart use a Secret that exists`,
  ];
}
