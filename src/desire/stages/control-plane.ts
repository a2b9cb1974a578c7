import { hasExternalEtcd, type Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Stage } from '../../model/stage.ts';
import type { Resource } from '../../resource/types.ts';
import { folders, membershipOf, textContext, type Desire } from '../context.ts';
import { encryptionFile, encryptionOf, kmsFolders } from '../encryption.ts';
import { etcdFolder, etcdOwns } from '../etcd-owner.ts';
import { pkiFiles, pkiResource, signingCertificate, signingStem } from '../pki-files.ts';
import { formerSecurityFiles, securityFiles } from '../security.ts';
import { paths } from '../text/paths.ts';
import { staticPods } from '../text/static-pods.ts';
import { backupStage } from './backup.ts';
import { nodeStage } from './node.ts';

/** Stacked etcd, the kubelet, and the control plane's static Pods, each of which it starts as soon as its files are there. */
export function controlPlaneStages(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const { cluster } = desire;
  const files = pkiFiles(cluster, host, desire.pki, desire.renderer);
  const config = encryptionOf(desire, host);
  const encryption = encryptionFile(desire, config);
  const signs = signingCertificate(desire.pki) !== undefined;
  const verifying = desire.verifying?.get(host.name);
  const context = textContext(desire, facts);
  const pods = staticPods(context, host, facts, {
    etcd: membershipOf(desire, host),
    encryption: { isOn: encryption !== undefined, folders: kmsFolders(desire, config) },
    ...(signs && { signingCertificate: `${paths.pki}/${signingStem}` }),
    ...(verifying !== undefined && { verifiesKubelets: verifying }),
  });
  const pod = (stage: Stage, name: string): Resource[] =>
    pods
      .filter((each) => each.name === name)
      .map((each) => ({
        kind: 'static-pod',
        stage,
        name: each.name,
        text: each.text,
        ...(name === 'etcd' && { servesPod: 'kube-apiserver', owns: etcdOwns(cluster) }),
      }));
  const stacked = !hasExternalEtcd(cluster);
  const manifests: Resource = {
    kind: 'directory',
    stage: 'etcd',
    path: '/etc/kubernetes/manifests',
    mode: '700',
  };
  return [
    ...folders('etcd', ['/etc/kubernetes', '/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd']),
    manifests,
    ...(stacked ? etcdFolder(cluster) : []),
    ...files.filter((file) => file.part === 'etcd').map((file) => pkiResource(file, 'etcd')),
    ...pod('etcd', 'etcd'),
    ...(stacked ? backupStage(desire, host, facts) : []),
    ...files.filter((file) => file.part === 'node').map((file) => pkiResource(file, 'control-plane')),
    ...nodeStage(desire, host, facts, 'control-plane'),
    ...files
      .filter((file) => file.part === 'control-plane')
      .map((file) => pkiResource(file, 'control-plane')),
    ...(encryption === undefined ? [] : [encryption]),
    ...securityFiles(desire, context.images['kube-apiserver']),
    ...pod('control-plane', 'kube-apiserver'),
    ...pod('control-plane', 'kube-controller-manager'),
    ...pod('control-plane', 'kube-scheduler'),
    ...formerSecurityFiles(desire),
    ...(desire.rotation?.stage === 'retire' && !signs ? [unusedSigningCertificate] : []),
  ];
}

/** Read while a CA is exchanged; the controller-manager has restarted without it by then. */
const unusedSigningCertificate: Resource = {
  kind: 'obsolete',
  stage: 'control-plane',
  name: signingStem,
  patterns: [`${paths.pki}/${signingStem}`],
  keep: [],
};
