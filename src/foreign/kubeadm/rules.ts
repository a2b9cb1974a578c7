import { isDeepStrictEqual } from 'node:util';
import { caKeyAlgorithms } from '../../model/pki.ts';
import { defaults } from '../../inventory/defaults.ts';
import type { Json } from '../../model/cluster.ts';
import {
  argumentsRule,
  etcdExternal,
  itemsRule,
  kubeProxyDisabled,
  mustBe,
  never,
  noKubeProxy,
  partOf,
  sameItemsRule,
  textRule,
} from '../component-rules.ts';
import { asKbootDoes, left, taken, type Outcome } from '../outcome.ts';
import type { TreeRule, TreeRules } from '../tree-rules.ts';
import { jsonOf, textOf, textsOf, wholeOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';
import { versionOutcome } from '../versions.ts';

const secret = never('a secret, and an inventory has none; kboot needs no bootstrap tokens');
const noPhases = 'kboot has no phases to skip; --until STAGE ends a run early';
const phases = never(noPhases);
const patches = never('templates of your own replace those of kboot: spec.templates');
const timeouts = never('kboot has waits of its own, and says what it waits for');
const pinned = never('kboot.lock.yaml pins images (docs/lock.md)');
const validity = never('kboot issues certificates with validities of its own, and renews them');
const etcdNames = never('kboot gives the certificates of etcd the names that they need');
const meta: TreeRules = { apiVersion: partOf('apiVersion'), kind: partOf('kind') };

const component = (name: string): TreeRules => ({
  [`${name}.extraArgs`]: argumentsRule(name),
  [`${name}.extraVolumes`]: sameItemsRule(['spec', name, 'extraVolumes']),
  [`${name}.extraEnvs`]: sameItemsRule(['spec', name, 'extraEnvs']),
});

/** ClusterConfiguration, v1beta3 and v1beta4. */
export function clusterRules(knownVersions: readonly string[]): TreeRules {
  return {
    ...meta,
    ...component('apiServer'),
    ...component('controllerManager'),
    ...component('scheduler'),
    kubernetesVersion: (value) => {
      const version = textOf(value) ?? '';
      return /^v?\d/.test(version)
        ? versionOutcome(version, knownVersions)
        : left(`it names no version; kboot installs ${knownVersions[0] ?? ''}`);
    },
    clusterName: partOf('metadata.name'),
    controlPlaneEndpoint: textRule(['spec', 'controlPlaneEndpoint']),
    'networking.podSubnet': textRule(['spec', 'networking', 'podSubnet'], defaults.podSubnet),
    'networking.serviceSubnet': textRule(['spec', 'networking', 'serviceSubnet'], defaults.serviceSubnet),
    'networking.dnsDomain': textRule(['spec', 'networking', 'dnsDomain'], defaults.dnsDomain),
    imageRepository: textRule(['spec', 'imageRepository'], defaults.imageRepository),
    'apiServer.certSANs': itemsRule(['spec', 'apiServer', 'certSANs']),
    'apiServer.timeoutForControlPlane': timeouts,
    'etcd.local.dataDir': textRule(['spec', 'etcd', 'dataDir'], defaults.etcdDataDir),
    'etcd.local.extraArgs': argumentsRule('etcd'),
    'etcd.local.extraEnvs': sameItemsRule(['spec', 'etcd', 'extraEnvs']),
    'etcd.local.serverCertSANs': etcdNames,
    'etcd.local.peerCertSANs': etcdNames,
    'etcd.local.imageRepository': pinned,
    'etcd.local.imageTag': pinned,
    'etcd.external': (value) => etcdExternal(value, ['caFile', 'certFile', 'keyFile']),
    'dns.imageRepository': pinned,
    'dns.imageTag': pinned,
    'dns.type': asRule('CoreDNS'),
    'dns.disabled': mustBe(false, 'CoreDNS is installed', 'kboot installs CoreDNS on every cluster'),
    'proxy.disabled': kubeProxyDisabled,
    certificatesDir: (value) =>
      textOf(value) === '/etc/kubernetes/pki'
        ? asKbootDoes("kboot's default")
        : left('certificates are in /etc/kubernetes/pki on hosts'),
    featureGates: never('feature gates of kubeadm mean nothing to kboot'),
    encryptionAlgorithm: algorithm,
    certificateValidityPeriod: validity,
    caCertificateValidityPeriod: validity,
  };
}

const asRule =
  (same: string): TreeRule =>
  () =>
    asKbootDoes(same);

const algorithm: TreeRule = (value) => {
  const name = textOf(value) ?? '';
  if (name === defaults.caKeyAlgorithm) return asKbootDoes("kboot's default");
  return (caKeyAlgorithms as readonly string[]).includes(name)
    ? taken(['spec', 'pki', 'caKeyAlgorithm'], name, 'of the CAs')
    : left('kboot has no such algorithm for its CAs');
};

/** nodeRegistration of InitConfiguration and JoinConfiguration; what names the host and its address is read apart. */
const registration: TreeRules = {
  'nodeRegistration.name': partOf('spec.hosts[].name'),
  'nodeRegistration.taints': partOf('spec.hosts[].roles and taints'),
  'nodeRegistration.kubeletExtraArgs': partOf('spec.hosts[].kubelet.extraArgs, labels, taints and address'),
  'nodeRegistration.criSocket': (value) =>
    /^(unix:\/\/)?\/(var\/)?run\/containerd\/containerd\.sock$/.test(textOf(value) ?? '')
      ? asKbootDoes('containerd is the runtime')
      : left('kboot installs containerd, and no other runtime'),
  'nodeRegistration.ignorePreflightErrors': itemsRule(['spec', 'preflight', 'ignore']),
  'nodeRegistration.imagePullPolicy': never('images are there before a host starts them'),
  'nodeRegistration.imagePullSerial': never('images are there before a host starts them'),
};

const bindPort: TreeRule = (value) =>
  wholeOf(value) === defaults.apiServerPort
    ? asKbootDoes("kboot's default")
    : left(
        `API servers listen on ${defaults.apiServerPort}; clients can use another port: spec.loadBalancer.port`,
      );

/** Without this phase, kubeadm init installs no kube-proxy, whatever ClusterConfiguration says. */
const skippedPhases: TreeRule = (value) => {
  const skipped = textsOf(value);
  if (!skipped.includes('addon/kube-proxy')) return left(noPhases);
  return skipped.length === 1 ? noKubeProxy : { ...noKubeProxy, why: `addon/kube-proxy only: ${noPhases}` };
};

export const initRules: TreeRules = {
  ...meta,
  ...registration,
  'localAPIEndpoint.advertiseAddress': partOf('spec.hosts[].address'),
  'localAPIEndpoint.bindPort': bindPort,
  bootstrapTokens: secret,
  certificateKey: secret,
  skipPhases: skippedPhases,
  ...{ patches, timeouts, dryRun: never('`kboot plan` shows what a run would do') },
};

export const joinRules: TreeRules = {
  ...meta,
  ...registration,
  'controlPlane.localAPIEndpoint.advertiseAddress': partOf('spec.hosts[].address'),
  'controlPlane.localAPIEndpoint.bindPort': bindPort,
  'controlPlane.certificateKey': secret,
  'discovery.bootstrapToken.apiServerEndpoint': partOf(
    'spec.controlPlaneEndpoint',
    'unless ClusterConfiguration says it',
  ),
  'discovery.bootstrapToken.token': secret,
  'discovery.bootstrapToken.caCertHashes': never('kboot has the CA, and needs no discovery'),
  'discovery.bootstrapToken.unsafeSkipCAVerification': never('kboot has the CA, and needs no discovery'),
  'discovery.file': never('kboot has the CA, and needs no discovery'),
  'discovery.tlsBootstrapToken': secret,
  'discovery.timeout': timeouts,
  caCertPath: never('kboot has the CA, and needs no discovery'),
  skipPhases: phases,
  ...{ patches, timeouts, dryRun: never('`kboot plan` shows what a run would do') },
};

/** Values that kubeadm and kboot both set; others are taken over, and `kboot validate` says that they replace kboot's. */
const ownKubelet: Readonly<Record<string, Json | undefined>> = {
  staticPodPath: '/etc/kubernetes/manifests',
  rotateCertificates: true,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
  },
  authorization: { mode: 'Webhook' },
};

/** KubeletConfiguration and KubeProxyConfiguration: every key of the document is a field. */
export function configRule(name: string, at: 'kubelet' | 'kubeProxy'): TreeRule {
  const derived: Readonly<Record<string, string>> =
    at === 'kubelet'
      ? {
          clusterDNS: 'kboot derives it from spec.networking.serviceSubnet',
          clusterDomain: 'kboot derives it from spec.networking.dnsDomain',
          containerRuntimeEndpoint: "containerd's socket",
        }
      : {
          clientConnection: 'kboot writes the kubeconfig of kube-proxy',
          clusterCIDR: 'kboot derives it from spec.networking.podSubnet',
        };
  return (value): Outcome => {
    if (name === 'apiVersion' || name === 'kind') return { became: `spec.${at}.config` };
    if (derived[name] !== undefined) return asKbootDoes(derived[name]);
    const stated = withoutZeros(jsonOf(value));
    if (stated === undefined) return left('it is empty');
    if (at === 'kubelet' && isDeepStrictEqual(withoutTimes(stated), ownKubelet[name]))
      return asKbootDoes("kboot's default");
    return taken(['spec', at, 'config', name], stated);
  };
}

/** What components write out although nobody set it is left out; undefined: nothing is left. */
function withoutZeros(value: Json): Json | undefined {
  if (value === null || value === '' || value === '0s') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  const object = recordOf(value);
  if (object === undefined) return value;
  const entries = Object.entries(object).flatMap(([key, each]) => {
    const kept = withoutZeros(jsonOf(each));
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Cache times of the kubelet's own authentication do not make it another one. */
function withoutTimes(value: Json): Json {
  const object = recordOf(value);
  if (object === undefined) return value;
  return Object.fromEntries(
    Object.entries(object)
      .filter(([key]) => !/^cache\w*TTL$/.test(key))
      .map(([key, each]) => [key, withoutTimes(jsonOf(each))]),
  );
}
