import { releaseOf } from '../desire/context.ts';
import { inShort, originsOf, unofficial } from '../desire/bundle-origin.ts';
import { planHeader } from './header.ts';
import type { Decision, Known } from './decide.ts';
import { installPhases } from './phases/install.ts';
import { upgradePhases } from './phases/upgrade.ts';
import { planSpread } from './spread.ts';
import type { Plan, PlanHost } from './types.ts';

/** Arranges the decisions into the Plan. Pure. */
export function assemble(
  known: Known,
  decision: Decision,
  mode: Plan['mode'],
  notes: readonly string[],
): Plan {
  const { cluster, desire, desired } = known;
  const { inventoryChanges = [] } = decision;
  const hosts = decision.hosts.map((host): PlanHost => ({
    name: host.name,
    roles: host.roles,
    state: mode === 'offline' ? 'assumed' : decision.failed.has(host.name) ? 'unreachable' : 'probed',
    resources: decision.perHost.get(host.name)?.resources.length ?? 0,
  }));
  const former = decision.formerHosts.map((name): PlanHost => ({
    name,
    roles: [],
    state: 'probed',
    resources: 0,
  }));
  const { upgrade } = decision;
  const phases =
    upgrade === undefined
      ? installPhases({ ...decision, hosts })
      : upgradePhases({ ...decision, hosts, upgrade });
  const spread = planSpread(cluster, phases, decision.inspections ?? new Map());
  const uses =
    desire.bundle !== undefined &&
    phases.some(({ batches }) => batches.some(({ tasks }) => tasks.length > 0));
  const foreign = uses ? unofficial(originsOf(releaseOf(desire), desire.bundle)) : [];
  return {
    ...planHeader(cluster, mode),
    hosts: [...hosts, ...former],
    ...(upgrade && { upgrade: upgrade.change }),
    ...(inventoryChanges.length > 0 && { inventoryChanges }),
    phases,
    ...(spread && { spread }),
    checked:
      hosts.reduce((sum, host) => sum + host.resources, 0) +
      desired.objects.length +
      desired.lateObjects.length +
      (desired.addons ?? []).reduce((sum, { objects }) => sum + objects.length, 0) +
      desired.nodes.length,
    warnings: [
      ...notes,
      ...decision.warnings,
      ...(foreign.length === 0
        ? []
        : [`the bundle has other builds than the official ones: ${inShort(foreign)}`]),
    ],
  };
}
