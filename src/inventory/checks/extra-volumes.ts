import type { ExtraVolume } from '../../model/cluster.ts';
import { flagPaths, hostPathOf, ownMounts, readsFile, volumeFor } from '../../model/pod-mounts.ts';
import { withRole } from '../outline.ts';
import { ownedFlags, type ComponentField } from '../owned-flags.ts';
import { describePath, error, warning, type Problem, type Path } from '../position.ts';
import {
  isTooLate,
  startsIn,
  statedComponents,
  type StatedComponent,
  type StatedFlag,
} from './components.ts';
import type { Check } from './check.ts';

/** Names and mount paths of volumes are unique in their Pod, kboot's own included. */
export const extraVolumesAreUnique: Check = (input) =>
  statedComponents(input).flatMap(({ pod, path, draft }) => {
    const names = new Set<string>();
    const paths = new Set<string>();
    const own = ownMounts[pod];
    return (draft.extraVolumes ?? []).flatMap((volume, index): Problem[] => {
      const problems: Problem[] = [];
      const at = (field: 'name' | 'mountPath', what: string): void => {
        const where: Path = [...path, 'extraVolumes', index, field];
        problems.push(error(where, `${describePath(where)} ${volume?.[field] ?? ''} ${what}`));
      };
      if (volume?.name !== undefined) {
        if (Object.hasOwn(own, volume.name))
          at('name', `is the name of one of the volumes of ${pod} that kboot makes; choose another`);
        else if (names.has(volume.name)) at('name', 'is already the name of another volume');
        names.add(volume.name);
      }
      if (volume?.mountPath !== undefined) {
        if (Object.values(own).includes(volume.mountPath))
          at('mountPath', `is mounted by kboot in ${pod}; remove this volume`);
        else if (paths.has(volume.mountPath)) at('mountPath', 'is already mounted by another volume');
        paths.add(volume.mountPath);
      }
      return problems;
    });
  });

/** Files that flags name must be mounted: a static Pod sees nothing else of its host. */
export const flagPathsAreMounted: Check = (input) => {
  const { outline } = input;
  // Members on hosts of their own are systemd services.
  const etcdIsPod = outline.rolesKnown && withRole(outline, 'etcd').length === 0 && !outline.hasForeignEtcd;
  return statedComponents(input).flatMap(({ pod, field, path, draft, flags }) => {
    if (field === 'etcd' && !etcdIsPod) return [];
    const volumes = completeVolumes(draft);
    if (volumes === undefined) return [];
    return flags.filter(isUsable(field)).flatMap((flag) =>
      flagPaths(flag).flatMap(({ path: file, isRead }): Problem[] => {
        if (hostPathOf(pod, volumes, file) !== undefined) return [];
        const where = [...flag.path, 'value'];
        const head = `${describePath(where)}: ${file} is not mounted in the static Pod ${pod}`;
        if (field === 'etcd')
          return [
            error(
              where,
              `${head}, which only mounts its data and /etc/kubernetes/pki/etcd; put the file there`,
            ),
          ];
        const { name, hostPath, mountPath, readOnly, pathType } = volumeFor(file, isRead);
        const lines = `{name: ${name}, hostPath: ${hostPath}, mountPath: ${mountPath}, ${readOnly ? 'readOnly: true, ' : ''}pathType: ${pathType}}`;
        const remedy = `add to ${describePath([...path, 'extraVolumes'])}: - ${lines}`;
        return isRead
          ? [error(where, `${head}; ${remedy}`)]
          : [warning(where, `${head}, so what is written there is lost when it restarts; ${remedy}`)];
      }),
    );
  });
};

/** A file of spec.files that a static Pod reads is there before the Pod starts. */
export const mountedFilesComeFirst: Check = (input) =>
  (input.draft.spec?.files ?? []).flatMap((file, index): Problem[] => {
    const { path, stage = 'host' } = file ?? {};
    if (path === undefined) return [];
    const reader = statedComponents(input).find(
      ({ pod, draft, flags }) =>
        isTooLate(stage, pod) &&
        readsFile(pod, { extraArgs: flags, extraVolumes: completeVolumes(draft) ?? [] }, path),
    );
    if (reader === undefined) return [];
    const where = ['spec', 'files', index, 'stage'];
    const starts = startsIn[reader.pod] ?? 'host';
    return [
      error(
        where,
        `${describePath(where)}: ${reader.pod} reads ${path}, and starts in stage ${starts}; set stage: ${starts} or an earlier one`,
      ),
    ];
  });

/** undefined: one of them is not valid, so that nothing can be said of what is mounted. */
function completeVolumes({
  extraVolumes = [],
}: StatedComponent['draft']): readonly Pick<ExtraVolume, 'hostPath' | 'mountPath'>[] | undefined {
  const complete = extraVolumes.flatMap((volume) =>
    volume?.hostPath === undefined || volume.mountPath === undefined
      ? []
      : [{ hostPath: volume.hostPath, mountPath: volume.mountPath }],
  );
  return complete.length === extraVolumes.length ? complete : undefined;
}

/** A flag that is refused whatever its value has no further problems. */
function isUsable(field: ComponentField): (flag: StatedFlag) => boolean {
  const rules = ownedFlags[field];
  return ({ name }) => {
    const rule = rules[name.replaceAll('_', '-')];
    return rule === undefined || rule.allows !== undefined || rule.warns === true;
  };
}
