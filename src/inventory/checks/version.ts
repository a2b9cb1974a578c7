import { nearestVersions } from '../nearest-versions.ts';
import { error } from '../position.ts';
import type { Check } from './check.ts';

/** The catalog or kboot.lock.yaml must have the version. */
export const versionIsKnown: Check = ({ draft, knownVersions }) => {
  const version = draft.spec?.kubernetesVersion;
  if (version === undefined || knownVersions === undefined || knownVersions.includes(version)) return [];
  const path = ['spec', 'kubernetesVersion'];
  const near = nearestVersions(version, knownVersions).join(', ');
  const minor = /^v\d+\.\d+\./.exec(version)?.[0];
  const isPatch = minor !== undefined && knownVersions.some((known) => known.startsWith(minor));
  const hint = isPatch ? '; `kboot lock INVENTORY` makes a newer patch known, in kboot.lock.yaml' : '';
  return [
    error(
      path,
      `spec.kubernetesVersion ${version} is not supported by this version of kboot; nearest: ${near}${hint}`,
    ),
  ];
};
