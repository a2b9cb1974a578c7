import { describePath, warning, type Path, type Problem } from '../position.ts';
import type { Check } from './check.ts';

/** Fields of component configurations that kboot sets itself, and the reason or source. */
const owned = {
  kubelet: {
    apiVersion: 'as the kubelet needs it',
    kind: 'always the same',
    authentication: "the cluster's CA",
    authorization: "the cluster's CA",
    clusterDNS: 'from spec.networking.serviceSubnet',
    clusterDomain: 'from spec.networking.dnsDomain',
    containerRuntimeEndpoint: "containerd's socket",
    rotateCertificates: 'the kubelet renews its certificate',
    staticPodPath: 'where static Pods are written',
  },
  kubeProxy: {
    apiVersion: 'as kube-proxy needs it',
    kind: 'always the same',
    clientConnection: 'the path of its kubeconfig',
    clusterCIDR: 'from spec.networking.podSubnet',
  },
} as const;

/** Serving certificates from the cluster's CA: kube-controller-manager signs the requests, but does not approve them. */
export const servingCertificatesAreApproved: Check = ({ draft, outline }) => {
  const configs: readonly (readonly [Path, object | undefined])[] = [
    [['spec', 'kubelet', 'config'], draft.spec?.kubelet?.config],
    ...outline.hosts.map(
      (host) => [[...host.path, 'kubelet', 'config'], host.draft.kubelet?.config] as const,
    ),
  ];
  return configs.flatMap(([at, config]): Problem[] => {
    const path = [...at, 'serverTLSBootstrap'];
    if ((config as Readonly<Record<string, unknown>> | undefined)?.['serverTLSBootstrap'] !== true) return [];
    const message =
      `${describePath(path)}: kubelets request their serving certificates from the cluster, and neither Kubernetes nor kboot ` +
      'approves these requests; until each is approved (kubectl certificate approve, or an approver such as ' +
      'kubelet-csr-approver), kubectl logs and exec and metrics-server fail with "tls: internal error"; kboot verify names those that wait';
    return [{ ...warning(path, message), at: 'key' }];
  });
};

export const ownedFieldsAreLeftAlone: Check = ({ draft, outline }) => [
  ...ownedIn('kubelet', draft.spec?.kubelet?.config, ['spec', 'kubelet', 'config']),
  ...outline.hosts.flatMap((host) =>
    ownedIn('kubelet', host.draft.kubelet?.config, [...host.path, 'kubelet', 'config']),
  ),
  ...ownedIn('kubeProxy', draft.spec?.kubeProxy?.config, ['spec', 'kubeProxy', 'config']),
];

function ownedIn(component: keyof typeof owned, config: object | undefined, at: Path): Problem[] {
  return Object.entries(owned[component]).flatMap(([key, reason]): Problem[] => {
    if (!Object.hasOwn(config ?? {}, key)) return [];
    const path = [...at, key];
    const message = `${describePath(path)} is set by kboot (${reason}); the value here replaces it`;
    return [{ ...warning(path, message), at: 'key' }];
  });
}
