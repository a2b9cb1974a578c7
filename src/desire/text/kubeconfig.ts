import type { Cluster, Host } from '../../model/cluster.ts';
import type { Renderer } from '../../render/params.ts';
import { placeholder } from '../../resource/placeholder.ts';
import { clusterServer, localServer } from './address.ts';
import { yamlObject } from './merge.ts';
import { paths } from './paths.ts';

export interface KubeconfigInput {
  /** `https://host:port` */
  readonly server: string;
  readonly caPem: string;
  /** Name of the user entry: the certificate's CN, or `kubernetes-admin`. */
  readonly user: string;
  /** PEMs that are embedded, or paths on the host. */
  readonly credentials:
    | { readonly certificatePem: string; readonly keyPem: string }
    | { readonly certificateFile: string; readonly keyFile: string };
  /** Names of the cluster and context; kubeadm's are `kubernetes` and `USER@kubernetes`. */
  readonly cluster?: string;
  readonly context?: string;
}

/** A kubeconfig in kubeadm's form (kubeconfigs.md: alphabetical keys, CA embedded, no preferences). */
export function kubeconfig(renderer: Renderer, input: KubeconfigInput): string {
  const { credentials } = input;
  const cluster = input.cluster ?? 'kubernetes';
  return renderer.render('kubeconfig/kubeconfig.yaml.hbs', {
    caData: base64(input.caPem),
    server: input.server,
    cluster,
    context: input.context ?? `${input.user}@${cluster}`,
    user: input.user,
    data:
      'keyPem' in credentials
        ? { certificate: base64(credentials.certificatePem), key: base64(credentials.keyPem) }
        : null,
    files:
      'keyFile' in credentials
        ? { certificate: credentials.certificateFile, key: credentials.keyFile }
        : null,
  });
}

/**
 * kubelet.conf as kubeadm leaves it once client certificates rotate: file references from the start, so that
 * the file never changes when the kubelet renews its certificate.
 */
export function kubeletKubeconfig(renderer: Renderer, cluster: Cluster, host: Host, caPem: string): string {
  return kubeconfig(renderer, {
    server: componentServer(cluster, host),
    caPem,
    user: `system:node:${host.name}`,
    credentials: { certificateFile: paths.kubeletClientPem, keyFile: paths.kubeletClientPem },
  });
}

/**
 * The API server that a host's own components dial: on a control plane its own, so that nothing there
 * depends on a load balancer; elsewhere the control-plane endpoint.
 */
export function componentServer(cluster: Cluster, host: Host): string {
  return host.roles.includes('control-plane') ? localServer(host) : clusterServer(cluster);
}

/** Base64 of a PEM, as used in the `-data` fields; the placeholder for the CA becomes the placeholder for its base64. */
export function base64(pem: string): string {
  if (pem === placeholder('ca.crt')) return placeholder('ca.crt', 'base64');
  return Buffer.from(pem, 'utf8').toString('base64');
}

/** What a kubeconfig has embedded, as PEM, of its first cluster and user; '' for what is not there. */
export function embeddedIn(text: string): {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
} {
  const decoded = (value: unknown): string =>
    typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  const { clusters, users } = (yamlObject(text) ?? {}) as {
    readonly clusters?: readonly { readonly cluster?: Readonly<Record<string, unknown>> }[] | null;
    readonly users?: readonly { readonly user?: Readonly<Record<string, unknown>> }[] | null;
  };
  const user = users?.[0]?.user ?? {};
  return {
    ca: decoded(clusters?.[0]?.cluster?.['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  };
}
