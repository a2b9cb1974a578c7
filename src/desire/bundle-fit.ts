import { artifacts } from '../catalog/artifacts.ts';
import { release as releaseOf } from '../catalog/release.ts';
import type { Cluster } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { stagesUntil, type Stage } from '../model/stage.ts';
import type { Bundle } from '../store/bundle.ts';
import { contentsOf, pathInBundle } from './bundle-contents.ts';

/** Throws KbootError E-BUNDLE that lists all files that the bundle lacks for a run through `until`. */
export function refuseUnfitBundle(cluster: Cluster, bundle: Bundle, until: Stage): void {
  if (!stagesUntil(until).includes('control-plane')) return;
  const refs = Object.values(contentsOf(cluster).images);
  const held = new Set(bundle.images.map(({ ref }) => ref));
  const kubelet = bundle.files.some(({ path }) => /^bin\/linux-[^/]+\/kubelet$/.test(path));
  const missing = [...(kubelet ? [] : ['bin/linux-ARCH/kubelet']), ...refs.filter((ref) => !held.has(ref))];
  if (missing.length > 0)
    throw new KbootError('E-BUNDLE', `the bundle ${bundle.directory} lacks files that this cluster needs`, {
      detail: missing.join('\n'),
      remedy:
        '`kboot bundle create DIR --inventory FILE` fetches everything that an inventory needs. Or add these files (`docker save REF -o images/linux-ARCH/NAME.tar`) and run `kboot bundle index`, or run only the first stages with `--until runtime`.',
    });
}

/** Files in the bundle that have the name of a known version but not its official checksum; for a warning. */
export function unofficialFiles(cluster: Cluster, bundle: Bundle): string[] {
  const release = releaseOf(cluster.kubernetesVersion);
  const official = (['amd64', 'arm64'] as const).flatMap((arch) =>
    artifacts(release, arch).map((artifact) => ({
      path: pathInBundle(artifact),
      sha256: artifact.sha256,
    })),
  );
  return bundle.files
    .filter((file) => official.some(({ path, sha256 }) => path === file.path && sha256 !== file.sha256))
    .map(({ path }) => path);
}
