import { nearestVersions } from '../nearest-versions.ts';
import { error } from '../position.ts';
import type { Check } from './check.ts';

/** The catalog must have pins and checksums for the version. */
export const versionIsKnown: Check = ({ draft, knownVersions }) => {
  const version = draft.spec?.kubernetesVersion;
  if (version === undefined || knownVersions.includes(version)) return [];
  const path = ['spec', 'kubernetesVersion'];
  const near = nearestVersions(version, knownVersions).join(', ');
  return [
    error(
      path,
      `spec.kubernetesVersion ${version} is not supported by this version of kboot; nearest: ${near}`,
    ),
  ];
};
