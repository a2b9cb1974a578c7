import { hasExternalEtcd, isNode, type Cluster, type Host } from '../model/cluster.ts';
import { etcdUserName } from '../model/etcd-user.ts';
import { hasIssuedServing } from '../model/kubelet-serving.ts';
import { sha256 } from '../model/digest.ts';
import { parseCertificates } from '../pki/parse.ts';
import { trustBundle, type CaId, type LeafId, type Pki } from '../pki/types.ts';
import type { Renderer } from '../render/params.ts';
import { podProcess } from '../resource/static-pod.ts';
import type { Content, FileResource } from '../resource/types.ts';
import { componentServer, kubeconfig } from './text/kubeconfig.ts';
import { clusterServer } from './text/address.ts';
import { paths } from './text/paths.ts';

/** A file derived from the PKI: certificate, key, or a kubeconfig that embeds them. */
export interface PkiFile {
  /** Unique in the cluster; the name of the file in the plan. */
  readonly name: string;
  readonly path: string;
  readonly mode: string;
  /** The user that owns it; absent: root when it is written. */
  readonly owner?: string;
  /** The stage that writes it. */
  readonly part: 'node' | 'etcd' | 'control-plane' | 'kubelet';
  readonly readBy: readonly string[];
  readonly issued: boolean;
  readonly text: string;
}

/** False for the placeholder of a file that is not issued yet (pki/lookup.ts). */
const isPem = (text: string): boolean => text.startsWith('-----BEGIN ');

const etcd = podProcess('etcd');
const apiServer = podProcess('kube-apiserver');
const controllerManager = podProcess('kube-controller-manager');
const scheduler = podProcess('kube-scheduler');

/**
 * Every PKI file of one host, with kubeadm's paths and modes (phases/certs, phases/kubeconfig), and what its kubelet serves.
 * The table below is the complete list.
 */
export function pkiFiles(cluster: Cluster, host: Host, pki: Pki, renderer: Renderer): readonly PkiFile[] {
  const files = allPkiFiles(cluster, host, pki, renderer);
  return cluster.security.etcdUser === 'root'
    ? files
    : files.map((file) => (etcdKeys.includes(file.path) ? { ...file, owner: etcdUserName } : file));
}

/** Keys that etcd itself reads. */
export const etcdKeys: readonly string[] = ['server', 'peer'].map((stem) => `${paths.pki}/etcd/${stem}.key`);

function allPkiFiles(cluster: Cluster, host: Host, pki: Pki, renderer: Renderer): readonly PkiFile[] {
  const controlPlane = host.roles.includes('control-plane');
  const member = hasExternalEtcd(cluster) ? host.roles.includes('etcd') : controlPlane;
  const files: PkiFile[] = [];
  const add = (
    part: PkiFile['part'],
    stem: string,
    mode: string,
    readBy: readonly string[],
    issued: boolean,
    text: string,
  ): void => {
    files.push({
      name: `${host.name}:${stem}`,
      path: `${paths.pki}/${stem}`,
      mode,
      part,
      readBy,
      issued,
      text,
    });
  };
  const ca = (
    part: PkiFile['part'],
    id: CaId,
    stem: string,
    readBy: readonly string[],
    withKey: boolean,
  ): void => {
    add(part, `${stem}.crt`, '644', readBy, pki.isIssued(id), trustBundle(pki, id));
    if (withKey) add(part, `${stem}.key`, '600', readBy, pki.isIssued(id), pki.signer(id).key);
  };
  const leaf = (part: PkiFile['part'], id: LeafId, stem: string, readBy: readonly string[]): void => {
    const pair = pki.certificate(id, host.name);
    const chain = id === 'apiserver' ? pki.cross('ca') : '';
    add(part, `${stem}.crt`, '644', readBy, pki.isIssued(id, host.name), pair.cert + chain);
    // A reissued certificate keeps its key.
    add(part, `${stem}.key`, '600', readBy, isPem(pair.key), pair.key);
  };
  const conf = (id: LeafId, user: string, server: string, readBy: readonly string[]): void => {
    const pair = pki.certificate(id, host.name);
    files.push({
      name: `${host.name}:${id}.conf`,
      path: `/etc/kubernetes/${id}.conf`,
      mode: '600',
      part: 'control-plane',
      readBy,
      issued: pki.isIssued('ca') && pki.isIssued(id, host.name),
      text: kubeconfig(renderer, {
        server,
        caPem: trustBundle(pki, 'ca'),
        user,
        credentials: { certificatePem: pair.cert, keyPem: pair.key },
      }),
    });
  };

  if (isNode(host))
    ca(
      'node',
      'ca',
      'ca',
      controlPlane ? ['kubelet', apiServer, controllerManager] : ['kubelet'],
      controlPlane,
    );
  if (hasIssuedServing(cluster, host)) {
    const pair = pki.certificate('kubelet-server', host.name);
    const issued = pki.isIssued('kubelet-server', host.name);
    const serving = { part: 'kubelet', readBy: [] } as const;
    // The kubelet notices when they change (feature gate ReloadKubeletServerCertificateFile, on since v1.31).
    files.push(
      {
        ...serving,
        ...{ name: `${host.name}:kubelet-server.crt`, path: paths.kubeletServingCert, mode: '644' },
        ...{ issued, text: pair.cert + pki.cross('ca') },
      },
      {
        ...serving,
        ...{ name: `${host.name}:kubelet-server.key`, path: paths.kubeletServingKey, mode: '600' },
        ...{ issued: isPem(pair.key), text: pair.key },
      },
    );
  }
  if (member) {
    ca('etcd', 'etcd-ca', 'etcd/ca', controlPlane ? [etcd, apiServer] : ['etcd'], controlPlane);
    leaf('etcd', 'etcd-server', 'etcd/server', controlPlane ? [etcd] : ['etcd']);
    leaf('etcd', 'etcd-peer', 'etcd/peer', controlPlane ? [etcd] : ['etcd']);
    leaf('etcd', 'etcd-healthcheck-client', 'etcd/healthcheck-client', []);
  }
  if (controlPlane) {
    if (!member) {
      ca('control-plane', 'etcd-ca', 'etcd/ca', [apiServer], false);
      // For `kboot adopt`: the state folder must not be the only place that has it.
      if (cluster.etcd.external === undefined)
        add(
          ...(['control-plane', 'etcd/ca.key', '600', []] as const),
          pki.isIssued('etcd-ca'),
          pki.signer('etcd-ca').key,
        );
    }
    const signing = signingCertificate(pki);
    if (signing !== undefined) add('control-plane', signingStem, '644', [controllerManager], true, signing);
    leaf('control-plane', 'apiserver-etcd-client', 'apiserver-etcd-client', [apiServer]);
    leaf('control-plane', 'apiserver', 'apiserver', [apiServer]);
    leaf('control-plane', 'apiserver-kubelet-client', 'apiserver-kubelet-client', [apiServer]);
    ca('control-plane', 'front-proxy-ca', 'front-proxy-ca', [apiServer, controllerManager], true);
    leaf('control-plane', 'front-proxy-client', 'front-proxy-client', [apiServer]);
    const sa = pki.serviceAccount();
    add('control-plane', 'sa.key', '600', [apiServer, controllerManager], pki.isIssued('sa'), sa.privateKey);
    add('control-plane', 'sa.pub', '600', [apiServer], pki.isIssued('sa'), sa.publicKey);
    conf('admin', 'kubernetes-admin', clusterServer(cluster), []);
    if (cluster.hosts.find((other) => other.roles.includes('control-plane')) === host)
      conf('super-admin', 'kubernetes-super-admin', clusterServer(cluster), []);
    conf('controller-manager', 'system:kube-controller-manager', componentServer(cluster, host), [
      controllerManager,
    ]);
    conf('scheduler', 'system:kube-scheduler', componentServer(cluster, host), [scheduler]);
  }
  return files;
}

/** Where the controller-manager finds the certificate that it signs with, if that is not the whole of ca.crt. */
export const signingStem = 'ca-signing.crt';

/**
 * The certificate of the CA that signs, if ca.crt holds others besides: those of its issuers, or of a CA that is exchanged.
 * The controller-manager signs only with a file of exactly one (pkg/controller/certificates/signer/ca_provider.go).
 */
export function signingCertificate(pki: Pki): string | undefined {
  if (!pki.isIssued('ca')) return undefined;
  const [first, ...others] = parseCertificates(trustBundle(pki, 'ca')) ?? [];
  return first === undefined || others.length === 0 ? undefined : first.toString();
}

/** The first client certificate of a node's kubelet: certificate, then key, in one file. */
export function kubeletClientPem(
  host: Host,
  pki: Pki,
): { readonly name: string; readonly issued: boolean; readonly text: string } {
  const pair = pki.certificate('kubelet', host.name);
  return {
    name: `${host.name}:kubelet-client.pem`,
    issued: pki.isIssued('kubelet', host.name),
    text: pair.cert + pair.key,
  };
}

/** Content by name and digest, as in plans. */
export function pkiContent(file: {
  readonly name: string;
  readonly issued: boolean;
  readonly text: string;
}): Content & { kind: 'secret' } {
  return { kind: 'secret', name: file.name, digest: file.issued ? sha256(file.text) : null };
}

/** A PKI file as a resource. */
export function pkiResource(file: PkiFile, stage: FileResource['stage']): FileResource {
  return {
    kind: 'file',
    stage,
    path: file.path,
    mode: file.mode,
    ...(file.owner !== undefined && { owner: file.owner }),
    content: pkiContent(file),
    readBy: file.readBy,
  };
}

/** Text of every secret that a plan of this cluster may refer to. */
export function secretTexts(cluster: Cluster, pki: Pki, renderer: Renderer): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const host of cluster.hosts) {
    for (const file of pkiFiles(cluster, host, pki, renderer)) texts.set(file.name, file.text);
    if (isNode(host)) {
      const pem = kubeletClientPem(host, pki);
      texts.set(pem.name, pem.text);
    }
  }
  return texts;
}
