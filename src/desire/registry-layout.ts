import { knownVersions, release } from '../catalog/release.ts';
import { defaults } from '../inventory/defaults.ts';
import { contentsOfRelease } from './bundle-contents.ts';

/** Where images are in a registry of one's own. */
export interface RegistryLayout {
  /** For each reference: the path in the registry, and the tag or digest. */
  readonly places: ReadonlyMap<string, { readonly repository: string; readonly reference: string }>;
  /** Registries of images that keep their names, each with the path that its images are below: containerd needs a mirror. */
  readonly mirrors: ReadonlyMap<string, string>;
  /** Whether there are images of kboot's own, which spec.imageRepository renames. */
  readonly hasOwn: boolean;
}

/**
 * The place of each image of a bundle in `registry`, HOST[:PORT][/PATH]. kboot's own images are where nodes look for them with
 * that as spec.imageRepository. All others keep their names below the name of their registry, so that a mirror of
 * containerd finds them: `quay.io/a/b:1` is `quay.io/a/b:1` below the path.
 */
export function registryLayout(refs: readonly string[], registry: string): RegistryLayout {
  const [host = '', ...path] = registry.split('/');
  const own = ownRepositories(refs, registry);
  const places = new Map<string, { repository: string; reference: string }>();
  const mirrors = new Map<string, string>();
  let hasOwn = false;
  for (const ref of refs) {
    const { name, reference } = splitReference(ref);
    const renamed = own.get(name);
    if (renamed !== undefined) {
      hasOwn = true;
      places.set(ref, { repository: withoutHost(renamed), reference });
    } else if (name.startsWith(`${host}/`)) places.set(ref, { repository: withoutHost(name), reference });
    else {
      const of = name.slice(0, name.indexOf('/'));
      const folder = [...path, of.replace(':', '_')].join('/');
      mirrors.set(of, folder);
      places.set(ref, { repository: `${folder}/${withoutHost(name)}`, reference });
    }
  }
  return { places, mirrors, hasOwn };
}

/** The names of kboot's own images, each with its name in the registry; names do not depend on the release. */
function ownRepositories(refs: readonly string[], registry: string): ReadonlyMap<string, string> {
  const from = refs
    .map((ref) => /^(.+)\/kube-apiserver:[^/]+$/.exec(ref)?.[1])
    .find((name) => name !== undefined);
  const names = (repository: string): string[] =>
    Object.values(contentsOfRelease(release(knownVersions()[0] ?? ''), repository).images).map(
      (ref) => splitReference(ref).name,
    );
  const here = names(registry);
  return new Map(names(from ?? defaults.imageRepository).map((name, index) => [name, here[index] ?? name]));
}

/** `registry.example/a/b` and `1.0`, or the digest if it has one, which is what containerd goes by. */
function splitReference(ref: string): { readonly name: string; readonly reference: string } {
  const [, name = ref, tag = 'latest', digest] =
    /^(.+?)(?::([^/:@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(ref) ?? [];
  return { name, reference: digest ?? tag };
}

const withoutHost = (name: string): string => name.slice(name.indexOf('/') + 1);
