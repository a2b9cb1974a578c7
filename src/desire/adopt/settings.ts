import {
  hostsWith,
  isNode,
  type Cluster,
  type Host,
  type Json,
  type JsonObject,
} from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { factsOf } from '../../model/inspection.ts';
import { ownMounts } from '../../model/pod-mounts.ts';
import { certificatesFor } from '../../pki/certlist.ts';
import { parseCertificate } from '../../pki/parse.ts';
import { kubeletConfig } from '../text/kubelet.ts';
import { kubeProxyConfig } from '../text/kube-proxy.ts';
import { yamlObject } from '../text/merge.ts';
import { paths } from '../text/paths.ts';
import { staticPods } from '../text/static-pods.ts';
import type { TextContext } from '../text/types.ts';
import { containerdFields } from './containerd.ts';
import { externalFlags, isExternalVolume } from './external-etcd.ts';
import { beyond, commonOf, patchTo } from './difference.ts';
import { podDifference, readStaticPod, type PodDifference } from './static-pod.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { SeenCluster, SeenHost } from './types.ts';

const fields = {
  etcd: 'etcd',
  'kube-apiserver': 'apiServer',
  'kube-controller-manager': 'controllerManager',
  'kube-scheduler': 'scheduler',
} as const;

/** Flags of etcd that say how a member was added; kboot leaves them as they are on members that exist. */
const membershipFlags = ['initial-cluster', 'initial-cluster-state'];

/**
 * The settings of the components that differ from those of `context.cluster`, the cluster as far as its ConfigMaps and
 * Nodes tell: what its static Pods, kubelets and kube-proxy have beyond what kboot would give them.
 */
export function componentFields(context: TextContext, seen: SeenCluster): readonly InventoryField[] {
  return [
    ...sanFields(context.cluster, seen),
    ...podFields(context, seen),
    ...kubeletFields(context, seen),
    ...proxyFields(context, seen),
    ...containerdFields(context, seen),
  ];
}

function podFields(context: TextContext, seen: SeenCluster): InventoryField[] {
  const { cluster } = context;
  const membership = { initialCluster: [], state: 'new' as const };
  const found = hostsWith(cluster, 'control-plane').flatMap((host) => {
    const read = seen.hosts.get(host.name);
    if (read === undefined) return [];
    return staticPods(context, host, factsFor(read, host), { etcd: membership }).flatMap(
      ({ name, text, path }) => {
        const [theirs, ours] = [readStaticPod(read.files.get(path) ?? ''), readStaticPod(text)];
        if (theirs === undefined || ours === undefined) return [];
        const ignored = [...membershipFlags, ...(cluster.etcd.external === undefined ? [] : externalFlags)];
        const { volumes, ...rest } = podDifference(theirs, ours, ignored);
        // Mounts that kubeadm makes itself are not the operator's; which of them it makes depends on release and host.
        const made = ownMounts[name];
        const own = volumes.filter(
          (volume) =>
            made[volume.name] !== volume.mountPath &&
            (cluster.etcd.external === undefined || !isExternalVolume(volume.name)),
        );
        return [{ host: host.name, name, difference: { ...rest, volumes: own } }];
      },
    );
  });
  return Object.entries(fields).flatMap(([name, field]) => {
    const all = found.filter((each) => each.name === name);
    const [first] = all;
    if (first === undefined) return [];
    const part = (
      key: 'extraArgs' | 'extraEnvs' | 'extraVolumes',
      of: keyof PodDifference,
    ): InventoryField[] => {
      const value = first.difference[of] as readonly Json[];
      if (value.length === 0) return [];
      const others = all.filter(({ difference }) => JSON.stringify(difference[of]) !== JSON.stringify(value));
      const why =
        others.length === 0
          ? `from ${paths.manifests}/${name}.yaml`
          : `from ${paths.manifests}/${name}.yaml of ${first.host}; other on ${others.map(({ host }) => host).join(', ')}`;
      return [{ path: ['spec', field, key], value, why }];
    };
    return [
      ...part('extraArgs', 'args'),
      ...part('extraEnvs', 'envs'),
      ...(field === 'etcd' ? [] : part('extraVolumes', 'volumes').map(withoutDefaults)),
    ];
  });
}

/** Volumes as an inventory states them. */
function withoutDefaults(field: InventoryField): InventoryField {
  const volumes = field.value as readonly JsonObject[];
  return {
    ...field,
    value: volumes.map(({ name = '', hostPath = '', mountPath = '', readOnly, pathType }) => ({
      ...{ name, hostPath, mountPath },
      ...(readOnly === true && { readOnly }),
      ...(pathType !== undefined && pathType !== '' && { pathType }),
    })),
  };
}

/** Names of the API servers' certificates beyond those that kboot gives them. */
function sanFields(cluster: Cluster, seen: SeenCluster): InventoryField[] {
  const extra = new Set<string>();
  for (const spec of certificatesFor(cluster)) {
    if (spec.kind !== 'leaf' || spec.id !== 'apiserver') continue;
    const pem = seen.hosts.get(spec.host)?.files.get(`${paths.pki}/apiserver.crt`) ?? '';
    const names = (parseCertificate(pem)?.subjectAltName ?? '').split(', ');
    for (const name of names) {
      const [, dns, address] = /^(?:DNS:(.+)|IP Address:(.+))$/.exec(name) ?? [];
      if (dns !== undefined && !spec.sans.dns.includes(dns)) extra.add(dns);
      if (address !== undefined && !spec.sans.ips.includes(address)) extra.add(address);
    }
  }
  if (extra.size === 0) return [];
  return [
    {
      path: ['spec', 'apiServer', 'certSANs'],
      value: [...cluster.apiServer.certSANs, ...extra],
      why: "in the API server's certificate",
    },
  ];
}

/** Fields that kboot derives from the host. */
const ownKubeletFields = ['containerRuntimeEndpoint', 'resolvConf', 'apiVersion', 'kind'];
const ownKubeletFlags =
  /^--(node-ip|hostname-override|register-with-taints|container-runtime-endpoint|container-runtime|pod-infra-container-image|bootstrap-kubeconfig|kubeconfig|config)(=|$)/;

function kubeletFields(context: TextContext, seen: SeenCluster): InventoryField[] {
  const { cluster } = context;
  const nodes = cluster.hosts.flatMap((host, index) => {
    const read = seen.hosts.get(host.name);
    const found = yamlObject(read?.files.get(paths.kubeletConfig));
    if (!isNode(host) || read === undefined || found === undefined) return [];
    const own = yamlObject(kubeletConfig(context, host, factsFor(read, host))) ?? {};
    const patch = Object.entries(patchTo(found, own)).filter(([key]) => !ownKubeletFields.includes(key));
    return [{ index, config: Object.fromEntries(patch), args: flagsOf(read) }];
  });
  const config = commonOf(nodes.map((node) => node.config));
  const args = commonOf(nodes.map((node) => node.args));
  const listed = (all: JsonObject): readonly Json[] =>
    Object.entries(all).map(([name, value]) => ({ name, value }));
  const stated = (at: InventoryField['path'], own: JsonObject, flags: JsonObject): InventoryField[] => [
    ...(Object.keys(own).length === 0
      ? []
      : [{ path: [...at, 'kubelet', 'config'], value: own, why: `from ${paths.kubeletConfig}` }]),
    ...(Object.keys(flags).length === 0
      ? []
      : [
          {
            path: [...at, 'kubelet', 'extraArgs'],
            value: listed(flags),
            why: 'flags of the kubelet that are there',
          },
        ]),
  ];
  return [
    ...stated(['spec'], config, args),
    ...nodes.flatMap((node) =>
      stated(['spec', 'hosts', node.index], beyond(node.config, config), beyond(node.args, args)),
    ),
  ];
}

/** Files whose flags stay in force as they are: the drop-in of kboot, too, reads one of them. */
export const kubeletDefaultsFiles = ['/etc/default/kubelet', '/etc/sysconfig/kubelet'];

/** Flags of the kubelet that are not kboot's: of kubeadm-flags.env, and of a unit that kboot's takes the place of. */
function flagsOf({ files, running }: SeenHost): JsonObject {
  const inFile = (path: string, variable: string): readonly string[] =>
    (new RegExp(`^${variable}=["']?([^"'\\n]*)["']?$`, 'm').exec(files.get(path) ?? '')?.[1] ?? '').split(
      /\s+/,
    );
  const lasting = new Set(kubeletDefaultsFiles.flatMap((path) => inFile(path, 'KUBELET_EXTRA_ARGS')));
  const words = [
    ...inFile(paths.kubeletFlags, 'KUBELET_KUBEADM_ARGS'),
    ...(running?.kubeletFlags ?? []).filter((word) => !lasting.has(word)),
  ];
  return Object.fromEntries(
    words
      .filter((word) => /^--[^\s"'\\]+$/.test(word) && !ownKubeletFlags.test(word))
      .map((word) => {
        const [name = '', value = 'true'] = word.slice(2).split(/=(.*)/s);
        return [name, value];
      }),
  );
}

function proxyFields(context: TextContext, seen: SeenCluster): InventoryField[] {
  if (context.cluster.kubeProxy === undefined) return [];
  const found = yamlObject(seen.configMaps.get('kube-proxy')?.['config.conf']);
  const own = yamlObject(kubeProxyConfig(context, {}));
  if (found === undefined || own === undefined) return [];
  const patch = patchTo(found, own);
  return Object.keys(patch).length === 0
    ? []
    : [{ path: ['spec', 'kubeProxy', 'config'], value: patch, why: 'from ConfigMap kube-system/kube-proxy' }];
}

function factsFor({ inspection }: SeenHost, { address }: Host): HostFacts {
  return factsOf(inspection, address);
}
