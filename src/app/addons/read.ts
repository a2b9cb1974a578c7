import { relative } from 'node:path';
import type { Path } from '../../inventory/position.ts';
import { readManifest } from '../../kube/manifests.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Addon, Chart } from '../../model/addon.ts';
import { readManifestFiles, wrongChart } from '../../store/manifest-files.ts';
import { readUpload } from '../../store/uploads.ts';

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
  addons.forEach(({ manifests, chart }, index) => {
    if (chart !== undefined) problems.push(...chartProblems(chart, index));
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
        const before = problems.length;
        for (const { path, text } of read.files) {
          const found = readManifest(text);
          objects.push(...found.objects);
          const file = relative(manifest.path, path);
          for (const problem of found.problems) say(`${file === '' ? '' : `has ${file}, whose `}${problem}`);
        }
        sources.set(manifest.path, { objects });
        // Otherwise a file that was cut off would remove what the cluster has of it.
        if (objects.length === 0 && problems.length === before) say('has no object');
      }
    });
  });
  return { sources, problems };
}

/** Files of a chart that helm could not read, or had better not. */
function chartProblems({ source, valuesFiles }: Chart, index: number): readonly ProblemWithFile[] {
  const at: Path = ['spec', 'addons', index, 'chart'];
  const found = [
    ...('path' in source
      ? [{ path: [...at, 'path'], shown: source.path, message: wrongChart(source.path) }]
      : []),
    ...valuesFiles.map((file, position) => {
      const read = readUpload(file);
      return {
        path: [...at, 'valuesFiles', position],
        shown: file,
        message: typeof read === 'string' ? read : undefined,
      };
    }),
  ];
  return found.flatMap(({ message, ...rest }) => (message === undefined ? [] : [{ ...rest, message }]));
}
