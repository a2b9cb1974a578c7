import semver from 'semver';
import type { Outcome } from './outcome.ts';

/**
 * The Kubernetes version for an inventory: the stated one if kboot knows it, else the newest patch of its minor, else the
 * newest patch of the oldest or newest minor that kboot knows, whichever is nearer. `known`: newest first.
 */
export function versionOutcome(text: string, known: readonly string[]): Outcome {
  const stated = semver.coerce(text);
  const path = ['spec', 'kubernetesVersion'];
  const [newest = ''] = known;
  if (stated === null) return { why: `"${text.slice(0, 40)}" is not a version; kboot installs ${newest}` };
  const version = `v${stated.version}`;
  // kube_version: 1.34 and v1.30.0+k0s.0 are versions of Kubernetes, too.
  const same = known.find((each) => each === version);
  if (same !== undefined && /^v?\d+\.\d+\.\d+/.test(text))
    return { fields: [{ path, value: same }], became: 'spec.kubernetesVersion' };
  const near = known.find(
    (each) => semver.minor(each) === stated.minor && semver.major(each) === stated.major,
  );
  const nearest = semver.lt(stated, known.at(-1) ?? newest)
    ? known.find((each) => semver.minor(each) === semver.minor(known.at(-1) ?? newest))
    : newest;
  const value = near ?? nearest ?? newest;
  return {
    fields: [{ path, value }],
    became: 'spec.kubernetesVersion',
    why: `${value}: this kboot installs ${near === undefined ? 'none of that minor version' : 'no other patch of that minor version'} (\`kboot version\`)`,
  };
}
