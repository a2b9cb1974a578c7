import semver from 'semver';
import { stringify } from 'yaml';
import * as z from 'zod';
import { readDocument } from '../inventory/document.ts';
import { explainIssues } from '../inventory/explain.ts';
import { describePath, offsetOf, type Path } from '../inventory/position.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { releases as pinsInCatalog, type Pins } from './data.ts';
import type { ArtifactName, ImageDigests, Release } from './release.ts';

/*
 * kboot.lock.yaml: for Kubernetes versions, the version of every component, the SHA-256 of every release file, and the
 * digest of every image. One file for all inventories of a folder, by Kubernetes version.
 */

export const lockFileName = 'kboot.lock.yaml';

const like = (pattern: RegExp, example: string): z.ZodString =>
  z.string().superRefine((value, context) => {
    if (!pattern.test(value)) context.addIssue(`must be like ${example}, not "${value}"`);
  });
const version = like(/^\d+\.\d+\.\d+$/, '1.36.2');
const tag = like(/^v\d+\.\d+\.\d+(-[\w.]+)?$/, 'v1.36.2');
const sum = like(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
const digest = like(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits');

const components = z.strictObject({
  etcd: like(/^\d+\.\d+\.\d+-\d+$/, '3.6.8-0'),
  coredns: tag,
  pause: like(/^\d+\.\d+(\.\d+)?$/, '3.10.2'),
  flannel: tag,
  flannelCniPlugin: tag,
  containerd: version,
  runc: version,
  cniPlugins: version,
  crictl: version,
  metallb: tag,
  // Absent in lock files of older versions of kboot.
  kubeNetworkPolicies: tag.optional(),
} satisfies Record<keyof Pins, z.ZodType>);

const files = z.strictObject({
  containerd: sum,
  runc: sum,
  'cni-plugins': sum,
  crictl: sum,
  kubelet: sum,
  kubectl: sum,
  etcd: sum,
} satisfies Record<ArtifactName, z.ZodType>);

const lockSchema = z.strictObject({
  apiVersion: z.literal('kboot.dev/v1'),
  kind: z.literal('ReleaseLock'),
  releases: z.record(
    like(/^v\d+\.\d+\.\d+$/, 'v1.36.2'),
    z.strictObject({
      components,
      files: z.strictObject({ amd64: files, arm64: files }),
      images: z.record(
        like(/^[^/\s]+\/[^:@\s]+(?<!\/):[\w][\w.-]*$/, 'registry.k8s.io/pause:3.10.2'),
        z.strictObject({ digest, amd64: digest.optional(), arm64: digest.optional() }),
      ),
    }),
  ),
});

/** A release in a lock. */
export type LockedRelease = Release & Required<Pick<Release, 'locked'>>;

export interface ParsedLock {
  /** Empty if any diagnostic is an error. */
  readonly releases: readonly LockedRelease[];
  /** Every problem in the text, sorted by position. */
  readonly diagnostics: readonly Diagnostic[];
  /** The position of a value in the text. */
  readonly locate: (path: Path) => Pick<Diagnostic, 'file' | 'line' | 'column'>;
}

/** Parses a lock; `file` is its path in diagnostics. Pure, and never throws, whatever the text. */
export function parseLock(text: string, file: string): ParsedLock {
  const document = readDocument(text, {}, () => true, { name: lockFileName, writtenBy: 'kboot lock' });
  const locate: ParsedLock['locate'] = (path) => ({
    file,
    ...document.position(offsetOf(document.place, { path })),
  });
  const problem = (offset: number, message: string): Diagnostic => ({
    ...{ severity: 'error', file, message },
    ...document.position(offset),
  });
  const ofText = document.problems.map(({ offset, message }) => problem(offset, message));
  if (document.data === undefined) return { releases: [], diagnostics: ofText, locate };
  const parsed = lockSchema.safeParse(document.data);
  const subject = { root: lockFileName, schema: () => z.toJSONSchema(lockSchema) };
  const issues = parsed.success
    ? []
    : explainIssues(parsed.error.issues, document.data, document.place, subject).map((finding) =>
        problem(offsetOf(document.place, finding), finding.message),
      );
  const diagnostics = [...ofText, ...issues].sort((a, b) => a.line - b.line || a.column - b.column);
  if (!parsed.success || diagnostics.length > 0) return { releases: [], diagnostics, locate };
  const releases = Object.entries(parsed.data.releases).map(([kubernetesVersion, each]): LockedRelease => ({
    ...{ kubernetesVersion, ...withDefaults(each.components), files: each.files },
    locked: each.images as Readonly<Record<string, ImageDigests>>,
  }));
  return { releases, diagnostics, locate };
}

function withDefaults(found: z.infer<typeof components>): Pins {
  return { ...found, kubeNetworkPolicies: found.kubeNetworkPolicies ?? pinsInCatalog().kubeNetworkPolicies };
}

/** The newest patch in the lock that is newer than a version of the same minor, if any. */
export function newerPatch(releases: readonly LockedRelease[], version: string): string | undefined {
  return releases
    .map(({ kubernetesVersion }) => kubernetesVersion)
    .filter((each) => semver.satisfies(each, `~${version.slice(1)}`) && semver.gt(each, version))
    .sort(semver.rcompare)[0];
}

const header = `# Written by \`kboot lock\`. Keep it in version control, beside the inventories of this folder.
# For each Kubernetes version: the versions of its components, the SHA-256 of its release files, the digests of its images.
# kboot installs nothing else; docs/lock.md in kboot's repository explains it.
`;

/** The text of a lock; the same releases give the same text. */
export function lockText(releases: readonly LockedRelease[]): string {
  const sorted = [...releases].sort((a, b) => semver.compare(a.kubernetesVersion, b.kubernetesVersion));
  const data = {
    apiVersion: 'kboot.dev/v1',
    kind: 'ReleaseLock',
    releases: Object.fromEntries(
      sorted.map(({ kubernetesVersion, files: sums, locked, ...pins }) => [
        kubernetesVersion,
        {
          components: inOrder(pins),
          files: { amd64: inOrder(sums.amd64), arm64: inOrder(sums.arm64) },
          images: Object.fromEntries(
            Object.entries(inOrder(locked)).map(([ref, { digest: index, amd64, arm64 }]) => [
              ref,
              { digest: index, ...(amd64 && { amd64 }), ...(arm64 && { arm64 }) },
            ]),
          ),
        },
      ]),
    ),
  };
  return `${header}${stringify(data, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** `releases["v1.36.2"].images` */
export const describeInLock = (path: Path): string => describePath(path, lockFileName);

function inOrder<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}
