import { metallb } from '../../catalog/images.ts';
import { parseObjects } from './kube-objects.ts';
import type { KubeObject, TextContext } from './types.ts';

export interface MetallbObjects {
  /** CRDs first: they need a moment before the API serves their kinds. */
  readonly system: readonly KubeObject[];
  /** The API refuses these until the Deployment `controller` is ready: it serves their webhook. */
  readonly pools: readonly KubeObject[];
}

/**
 * MetalLB in layer 2 mode, in the order in which it is applied; nothing where the cluster states no pools.
 * upstream's config/manifests/metallb-native.yaml is the model. No secret is among them: the controller makes
 * the key of the speakers (Secret memberlist) and the webhook's certificate itself.
 */
export function metallbObjects({ cluster, renderer }: TextContext): MetallbObjects {
  const pools = cluster.metallb?.pools ?? [];
  if (pools.length === 0) return { system: [], pools: [] };
  const images = metallbImages(cluster.imageRepository);
  return {
    system: [
      ...parseObjects('addons/metallb', renderer.render('addons/metallb/crds.yaml.hbs', {})),
      ...parseObjects(
        'addons/metallb',
        renderer.render('addons/metallb/metallb.yaml.hbs', {
          controllerImage: images.controller,
          speakerImage: images.speaker,
        }),
      ),
    ],
    pools: parseObjects('addons/metallb', renderer.render('addons/metallb/pools.yaml.hbs', { pools })),
  };
}

/** MetalLB's images: from its own registry, or `metallb/NAME` below `imageRepository` when that is not the official one. */
export function metallbImages(imageRepository: string): {
  readonly controller: string;
  readonly speaker: string;
} {
  const official = metallb();
  if (imageRepository === 'registry.k8s.io') return official;
  const below = (ref: string): string => `${imageRepository}/${ref.split('/').slice(1).join('/')}`;
  return { controller: below(official.controller), speaker: below(official.speaker) };
}
