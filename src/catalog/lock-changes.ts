import { architectures, componentNames } from './data.ts';
import type { Release } from './release.ts';

/** One difference between two releases; absent: the release does not state it. */
export interface LockChange {
  readonly kind: 'component' | 'file' | 'image';
  /** Component; `kubelet amd64`; or reference of an image. */
  readonly name: string;
  readonly was?: string;
  readonly now?: string;
}

/** Every difference between what was stated for a release, if anything, and what is stated now. */
export function describeChanges(was: Release | undefined, now: Release): readonly LockChange[] {
  return (['component', 'file', 'image'] as const).flatMap((kind) => {
    const [before, after] = [was === undefined ? {} : statements[kind](was), statements[kind](now)];
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((name) => before[name] !== after[name])
      .map((name): LockChange => {
        const [old, fresh] = [before[name], after[name]];
        return {
          kind,
          name,
          ...(old !== undefined && { was: old }),
          ...(fresh !== undefined && { now: fresh }),
        };
      });
  });
}

const statements: Readonly<
  Record<LockChange['kind'], (release: Release) => Readonly<Record<string, string>>>
> = {
  component: (release) =>
    Object.fromEntries([
      ['kubernetes', release.kubernetesVersion],
      ...componentNames.map((name) => [name, release[name]] as const),
    ]),
  file: ({ files }) =>
    Object.fromEntries(
      architectures.flatMap((arch) =>
        Object.entries(files[arch]).map(([name, sum]) => [`${name} ${arch}`, sum] as const),
      ),
    ),
  image: ({ locked = {} }) =>
    Object.fromEntries(Object.entries(locked).map(([ref, { digest }]) => [ref, digest])),
};
