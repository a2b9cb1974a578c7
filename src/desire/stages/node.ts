import type { Host, JsonObject } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Stage } from '../../model/stage.ts';
import { hostFolder } from '../../resource/prelude.ts';
import type { Resource } from '../../resource/types.ts';
import { caPem, folders, textContext, textFile, type Desire } from '../context.ts';
import { kubeletClientPem, pkiContent, pkiFiles, pkiResource } from '../pki-files.ts';
import { kubeletKubeconfig } from '../text/kubeconfig.ts';
import { kubeletConfigOf } from '../text/kubelet-settings.ts';
import { kubeletFiles } from '../text/kubelet.ts';
import { paths } from '../text/paths.ts';
import { trustBundle } from '../../pki/types.ts';

/** The kubelet: on a control plane it starts before the manifests are written; on other hosts it has a separate stage. */
export function nodeStage(desire: Desire, host: Host, facts: HostFacts, stage: Stage): readonly Resource[] {
  const { cluster, pki, renderer } = desire;
  const worker = !host.roles.includes('control-plane');
  const files = pkiFiles(cluster, host, pki, renderer);
  const ca = files.filter((file) => file.part === 'node');
  const serving = files.filter((file) => file.part === 'kubelet');
  return [
    ...(worker
      ? [
          ...folders(stage, ['/etc/kubernetes', '/etc/kubernetes/pki']),
          ...ca.map((file) => pkiResource(file, stage)),
        ]
      : []),
    ...(worker
      ? [{ kind: 'directory', stage, path: '/etc/kubernetes/manifests', mode: '700' } as const]
      : []),
    { kind: 'directory', stage, path: '/var/lib/kubelet', mode: '700' },
    ...folders(stage, ['/var/lib/kubelet/pki']),
    ...renewedTokens(desire, stage),
    checkpoint(kubeletConfigOf(cluster, host), stage),
    ...serving.map((file) => pkiResource(file, stage)),
    ...kubeletFiles(textContext(desire, facts), host, facts).map((file) =>
      textFile(stage, file, ['kubelet']),
    ),
    {
      kind: 'file',
      stage,
      path: '/etc/kubernetes/kubelet.conf',
      mode: '600',
      content: { kind: 'text', text: kubeletKubeconfig(renderer, cluster, host, caPem(pki)) },
      readBy: ['kubelet'],
    },
    {
      kind: 'client-certificate',
      stage,
      commonName: `system:node:${host.name}`,
      content: pkiContent(kubeletClientPem(host, pki)),
      caPem: pki.isIssued('ca') ? trustBundle(pki, 'ca') : null,
      readBy: ['kubelet'],
    },
    ...(serving.length === 0
      ? [
          { kind: 'serving-certificate', stage, readBy: ['kubelet'] } as const,
          formerServing(kubeletConfigOf(cluster, host), stage),
        ]
      : []),
    { kind: 'pod-network', stage },
    { kind: 'unit', stage, name: 'kubelet' },
  ];
}

/**
 * What the kubelet served while kboot issued it, once its configuration no longer names it. A kubelet that requests its
 * certificate from the cluster takes a kubelet-server.crt there for its own and requests none while that is valid
 * (client-go util/certificate/certificate_store.go, Current).
 */
function formerServing(config: JsonObject, stage: Stage): Resource {
  const { tlsCertFile, tlsPrivateKeyFile } = config;
  return {
    ...{ kind: 'obsolete', stage, name: 'kubelet-serving', readBy: ['kubelet'] },
    patterns: [paths.kubeletServingCert, paths.kubeletServingKey],
    keep: [tlsCertFile, tlsPrivateKeyFile].filter((path) => typeof path === 'string'),
  };
}

const tokensPath = `${hostFolder}/tokens-since`;

/**
 * When the key of ServiceAccount tokens is exchanged, kubelets restart once the new one signs: they request new tokens for
 * all of their Pods then (pkg/kubelet/token/token_manager.go keeps them in memory), also for Pods that nothing replaces.
 */
function renewedTokens({ rotation }: Desire, stage: Stage): readonly Resource[] {
  if (rotation?.cas.includes('sa') !== true) return [];
  if (rotation.stage === 'roll') {
    const content = { kind: 'text', text: `${rotation.since ?? ''}\n` } as const;
    return [{ kind: 'file', stage, path: tokensPath, mode: '644', content, readBy: ['kubelet'] }];
  }
  return rotation.stage === 'retire'
    ? [{ kind: 'obsolete', stage, name: 'tokens-since', patterns: [tokensPath], keep: [] }]
    : [];
}

/** Defaults are the kubelet's (pkg/kubelet/apis/config/v1beta1/defaults.go). */
function checkpoint(config: JsonObject, stage: Stage): Resource {
  const stated = (field: string, preset: string): string => {
    const value = config[field];
    return typeof value === 'string' ? value : preset;
  };
  return {
    kind: 'kubelet-checkpoint',
    stage,
    cpu: stated('cpuManagerPolicy', 'none'),
    memory: stated('memoryManagerPolicy', 'None'),
    reserved: stated('reservedSystemCPUs', ''),
  };
}
