import { readManifest } from '../../kube/manifests.ts';
import type { KubeObject } from '../../kube/types.ts';
import { KbootError } from '../../model/error.ts';
import { remedies } from '../remedies.ts';

/** The objects of a text that is no file on this machine. `source` names it. Throws KbootError E-ADDON. */
export function parsed(
  addon: string,
  source: string,
  text: string,
  read = readManifest,
): readonly KubeObject[] {
  const { objects, problems } = read(text);
  if (problems.length === 0) return objects;
  throw new KbootError('E-ADDON', `add-on ${addon}: ${source} is not a manifest`, {
    detail: problems.join('\n'),
    remedy: remedies.correctSource,
  });
}
