import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/types.ts';
import { listAll } from '../../kube/list.ts';
import type { LocalVolume } from './observation.ts';

interface Volume extends KubeObject {
  readonly spec: {
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly nodeAffinity?: {
      readonly required?: {
        readonly nodeSelectorTerms?: readonly {
          readonly matchExpressions?: readonly {
            readonly key: string;
            readonly operator: string;
            readonly values?: readonly string[];
          }[];
        }[];
      };
    };
  };
}

/** PersistentVolumes that are bound to a claim and exist on stated nodes only. */
export async function readLocalVolumes(kube: KubeClient): Promise<LocalVolume[]> {
  return await listAll(kube, '/api/v1/persistentvolumes', ({ metadata, spec }: Volume) => {
    const { namespace, name } = spec.claimRef ?? {};
    const nodes = (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(
      ({ matchExpressions = [] }) =>
        matchExpressions
          .filter(({ key, operator }) => key === 'kubernetes.io/hostname' && operator === 'In')
          .flatMap(({ values = [] }) => values),
    );
    if (namespace === undefined || name === undefined || nodes.length === 0) return undefined;
    return { volume: metadata.name, namespace, claim: name, nodes };
  });
}
