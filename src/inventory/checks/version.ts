import { nearestVersions } from '../nearest-versions.ts';
import { error } from '../place.ts';
import type { Check } from './check.ts';

/** The catalog has pins and sums for the version. */
export const versionIsKnown: Check = ({ draft, knownVersions }) => {
  const version = draft.spec?.kubernetesVersion;
  if (version === undefined || knownVersions.includes(version)) return [];
  const path = ['spec', 'kubernetesVersion'];
  const near = nearestVersions(version, knownVersions).join(', ');
  return [
    error(path, `spec.kubernetesVersion ${version} is not one that this kboot installs; nearest: ${near}`),
  ];
};
