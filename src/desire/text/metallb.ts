import type { Cluster, LabelSelector, Metallb } from '../../model/cluster.ts';
import type { LabelSelectorParams, TemplateParams } from '../../render/params.ts';
import { nodesOnIPv6 } from './address.ts';
import { parseObjects } from './kube-objects.ts';
import type { KubeObject, TextContext } from './types.ts';

export interface MetallbObjects {
  /** CRDs come first: the API takes a moment to serve their kinds. */
  readonly system: readonly KubeObject[];
  /** The API refuses these until the Deployment `controller`, which serves their webhook, is ready. */
  readonly pools: readonly KubeObject[];
}

/**
 * MetalLB with its native speaker (layer 2, and BGP to the configured peers), in the order in which it is applied;
 * empty if the cluster has no pools. Based on upstream's config/manifests/metallb-native.yaml. They contain no secret:
 * the controller itself creates the speakers' key (Secret memberlist) and the webhook's certificate.
 */
export function metallbObjects({ cluster, renderer, metallb: images }: TextContext): MetallbObjects {
  const pools = cluster.metallb?.pools ?? [];
  if (pools.length === 0) return { system: [], pools: [] };
  return {
    system: [
      ...parseObjects('addons/metallb', renderer.render('addons/metallb/crds.yaml.hbs', {})),
      ...parseObjects(
        'addons/metallb',
        renderer.render('addons/metallb/metallb.yaml.hbs', {
          controllerImage: images.controller,
          speakerImage: images.speaker,
          metricsHost: metricsHost(cluster),
        }),
      ),
    ],
    pools: [
      ...parseObjects(
        'addons/metallb',
        renderer.render('addons/metallb/pools.yaml.hbs', {
          pools,
          l2Pools: pools.filter(({ advertise }) => advertise !== 'bgp').map(({ name }) => name),
        }),
      ),
      ...parseObjects(
        'addons/metallb',
        renderer.render('addons/metallb/bgp.yaml.hbs', bgpParams(cluster.metallb)),
      ),
    ],
  };
}

/** The loopback address, unless metrics are for everybody, or nodes have IPv6 addresses. */
function metricsHost(cluster: Cluster): string {
  return cluster.security.metrics === 'local' && !nodesOnIPv6(cluster) ? '127.0.0.1' : '';
}

function bgpParams(metallb: Metallb | undefined): TemplateParams['addons/metallb/bgp.yaml.hbs'] {
  return {
    peers: (metallb?.bgpPeers ?? []).map((peer) => ({
      ...{
        peerPort: 0,
        sourceAddress: '',
        routerID: '',
        holdTime: '',
        ebgpMultiHop: false,
        passwordSecret: '',
      },
      ...peer,
      nodeSelectors: peer.nodeSelectors.map(selectorParams),
    })),
    advertisements: (metallb?.bgpAdvertisements ?? []).map((advertisement) => ({
      ...{ aggregationLength: 0, localPref: 0 },
      ...advertisement,
      nodeSelectors: advertisement.nodeSelectors.map(selectorParams),
    })),
  };
}

function selectorParams({ matchLabels, matchExpressions }: LabelSelector): LabelSelectorParams {
  return {
    labels: Object.entries(matchLabels).map(([key, value]) => ({ key, value })),
    expressions: matchExpressions,
  };
}
