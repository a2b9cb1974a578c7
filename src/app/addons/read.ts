import { relative } from 'node:path';
import type { Path } from '../../inventory/position.ts';
import { readManifest } from '../../kube/manifests.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Addon } from '../../model/addon.ts';
import { readManifestFiles } from '../../store/manifest-files.ts';

/** What a path of spec.addons has: objects, or a folder that kustomize builds. */
export type LocalSource = { readonly objects: readonly KubeObject[] } | { readonly kustomization: string };

/** By absolute path. */
export type LocalSources = ReadonlyMap<string, LocalSource>;

/** A problem with a file of an add-on, as a phrase that follows its path. */
interface ProblemWithFile {
  readonly path: Path;
  readonly shown: string;
  readonly message: string;
}

/** Reads the manifests of add-ons that are on this machine. Contacts nothing, and runs nothing. */
export function readLocalSources(addons: readonly Addon[]): {
  readonly sources: LocalSources;
  readonly problems: readonly ProblemWithFile[];
} {
  const sources = new Map<string, LocalSource>();
  const problems: ProblemWithFile[] = [];
  addons.forEach(({ manifests }, index) => {
    manifests.forEach((manifest, at) => {
      if (!('path' in manifest) || sources.has(manifest.path)) return;
      const where: Path = ['spec', 'addons', index, 'manifests', at, 'path'];
      const read = readManifestFiles(manifest.path);
      const say = (message: string): void => {
        problems.push({ path: where, shown: manifest.path, message });
      };
      if (typeof read === 'string') say(read);
      else if (read.kind === 'kustomization') sources.set(manifest.path, { kustomization: read.folder });
      else {
        const objects: KubeObject[] = [];
        for (const { path, text } of read.files) {
          const found = readManifest(text);
          objects.push(...found.objects);
          const file = relative(manifest.path, path);
          for (const problem of found.problems) say(`${file === '' ? '' : `has ${file}, whose `}${problem}`);
        }
        sources.set(manifest.path, { objects });
      }
    });
  });
  return { sources, problems };
}
