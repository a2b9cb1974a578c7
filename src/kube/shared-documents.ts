import { readManifest, type Manifest } from './manifests.ts';
import type { KubeObject } from './types.ts';

const separator = /^---[ \t]*$/m;
/** Comments and empty lines before a document's first line. */
const preface = /^(?:[ \t]*(?:#.*)?\r?\n)+/;

/**
 * A reader of texts that have documents in common, each of which is parsed once: the CRDs of a chart have megabytes, and
 * helm renders them as they are. It returns what readManifest returns.
 */
export function sharedReader(): (text: string) => Manifest {
  const known = new Map<string, readonly KubeObject[]>();
  return (text) => {
    // A directive (%YAML) counts for the document after the separator, a byte order mark only at the beginning of a text.
    if (/^%|\ufeff/m.test(text)) return readManifest(text);
    const objects: KubeObject[] = [];
    for (const part of text.split(separator)) {
      const document = part.replace(preface, '');
      let found = known.get(document);
      if (found === undefined) {
        const read = readManifest(document);
        // The whole text says which document it is, and at which line.
        if (read.problems.length > 0) return readManifest(text);
        found = read.objects;
        known.set(document, found);
      }
      objects.push(...found);
    }
    return { objects, problems: [] };
  };
}
