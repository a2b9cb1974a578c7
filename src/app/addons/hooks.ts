import { hooksOf, isTest } from '../../kube/helm-hooks.ts';
import { objectTitle, type KubeObject } from '../../kube/types.ts';
import { few } from '../../model/few.ts';

/** Events at which kboot applies hooks, if the inventory says so. */
const ofInstallation = /^(pre|post)-(install|upgrade)$|^crd-install$/;

/** The objects of a chart that are applied, and the hooks that are not; tests of a chart are neither. */
export function sortHooks(
  objects: readonly KubeObject[],
  hooks: boolean,
): { readonly applied: readonly KubeObject[]; readonly others: readonly KubeObject[] } {
  const own = objects.filter((object) => !isTest(object));
  const isApplied = (object: KubeObject): boolean => {
    const events = hooksOf(object);
    return events.length === 0 || (hooks && events.some((event) => ofInstallation.test(event)));
  };
  return { applied: own.filter(isApplied), others: own.filter((object) => !isApplied(object)) };
}

/** For the plan: hooks of a chart that are not run. */
export function hooksNote(addon: string, hooks: readonly KubeObject[], isOn: boolean): string {
  const names = few(
    hooks.map((object) => `${objectTitle(object)} (${hooksOf(object).join(', ')})`),
    4,
  );
  return `add-on ${addon}: hooks of its chart are not run: ${names}${isOn ? '' : '; chart.hooks: true applies those for installation and upgrade'}`;
}
