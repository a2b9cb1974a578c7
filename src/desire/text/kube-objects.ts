import { loadAll } from 'js-yaml';
import { KbootError } from '../../model/error.ts';
import { clusterServer } from './address.ts';
import { configHash } from './config-hash.ts';
import { corednsManifest } from './coredns.ts';
import { flannelManifest } from './flannel.ts';
import { kubeProxyManifest } from './kube-proxy.ts';
import { kubeadmConfigManifest } from './kubeadm-config.ts';
import { base64 } from './kubeconfig.ts';
import { sharedKubeletConfig } from './kubelet.ts';
import type { KubeObject, TextContext } from './types.ts';
import { remedies } from '../remedies.ts';

/**
 * Every object that a new cluster needs, in the order in which they are applied: RBAC and shared configuration as
 * left by kubeadm, then kube-proxy, CoreDNS and flannel.
 * Throws KbootError E-TEMPLATE if a (replaced) template does not render to Kubernetes objects.
 */
export function kubeObjects(context: TextContext, pki: { readonly caPem: string }): readonly KubeObject[] {
  const { cluster, renderer } = context;
  const kubelet = sharedKubeletConfig(context);
  const manifests: Readonly<Record<string, string>> = {
    'bootstrap/rbac': renderer.render('bootstrap/rbac.yaml.hbs', {}),
    'bootstrap/kubeadm-config': kubeadmConfigManifest(context),
    'bootstrap/kubelet-config': renderer.render('bootstrap/kubelet-config.yaml.hbs', {
      config: kubelet,
      hash: configHash(cluster.kubelet.config, { kubelet }),
    }),
    'bootstrap/cluster-info': renderer.render('bootstrap/cluster-info.yaml.hbs', {
      caData: base64(pki.caPem),
      server: clusterServer(cluster),
    }),
    ...(cluster.kubeProxy && { 'addons/kube-proxy': kubeProxyManifest(context, cluster.kubeProxy.config) }),
    'addons/coredns': corednsManifest(context),
    ...(cluster.networking.flannel && {
      'addons/flannel': flannelManifest(context, cluster.networking.flannel),
    }),
  };
  return Object.entries(manifests).flatMap(([name, text]) => parseObjects(name, text));
}

/** The Kubernetes objects in a YAML text, without empty documents; `name` is used in errors. */
export function parseObjects(name: string, text: string): readonly KubeObject[] {
  return readDocuments(name, text).flatMap((value) => {
    if (value === null || value === undefined) return [];
    if (!isKubeObject(value)) throw unfit(name, 'a document has no apiVersion, kind or metadata.name');
    return [value];
  });
}

/** js-yaml, since kboot itself rendered the text: `yaml` also records each value's position, but takes six times as long. */
function readDocuments(name: string, text: string): readonly unknown[] {
  try {
    return loadAll(text);
  } catch (error) {
    throw unfit(name, error instanceof Error ? error.message : String(error));
  }
}

function isKubeObject(value: unknown): value is KubeObject {
  const { apiVersion, kind, metadata } = value as Partial<KubeObject>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}

function unfit(name: string, reason: string): KbootError {
  return new KbootError('E-TEMPLATE', `templates of ${name} do not render to Kubernetes objects: ${reason}`, {
    remedy: remedies.correctReplaced,
  });
}
