import { quoteAll } from '../model/shell.ts';
import type {
  ApiServerConfig,
  Bastion,
  Cluster,
  Component,
  Dns,
  ExtraVolume,
  ForeignEtcd,
  Host,
  JsonObject,
  KubeletSettings,
  Proxy,
} from '../model/cluster.ts';
import { encryptionFlag } from '../model/encryption.ts';
import type { Security, SecurityProfile } from '../model/security.ts';
import { isProblem, parseAddress, parseCidr, parsePair, type Family } from './address.ts';
import { defaults } from './defaults.ts';
import { parseUpstream } from './dns-server.ts';
import { parseEndpoint, parseEtcdEndpoint } from './endpoint.ts';
import { buildAddons } from './build-addons.ts';
import { buildBackup } from './build-backup.ts';
import { buildEncryption } from './build-encryption.ts';
import { buildFiles, buildHooks } from './build-hooks.ts';
import { buildMetallb } from './build-metallb.ts';
import { buildRegistries } from './build-registries.ts';
import { buildUpgrade } from './build-upgrade.ts';
import { given, valid } from './build-value.ts';
import { buildRuntimes } from './build-runtimes.ts';
import { buildSecurity } from './build-security.ts';
import { buildState } from './build-state.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory, InventoryHost } from './schema.ts';

export interface BuildOptions {
  readonly folders: Folders;
  /** SSH user of hosts that do not set one. */
  readonly defaultUser: string;
  /** What a cluster of this name is founded as, or was, if its inventory does not say. */
  readonly profileOf: (clusterName: string) => SecurityProfile;
}

type Spec = Inventory['spec'];
type StatedComponent = Partial<NonNullable<Spec['scheduler']>>;
type Ssh = NonNullable<Spec['ssh']>;

/** The Cluster described by a validated inventory, with every default filled in and every address canonical. */
export function buildCluster(inventory: Inventory, options: BuildOptions): Cluster {
  const { metadata, spec } = inventory;
  const hosts = spec.hosts.map((host) => buildHost(host, spec.ssh ?? {}, options));
  const loadBalancer = spec.loadBalancer && {
    virtualIP: valid(parseAddress(spec.loadBalancer.virtualIP)).text,
    port: spec.loadBalancer.port ?? defaults.loadBalancerPort,
    virtualRouterID: spec.loadBalancer.virtualRouterID ?? defaults.virtualRouterID,
    ...given('interface', spec.loadBalancer.interface),
  };
  const flannel = spec.networking?.flannel;
  const security = buildSecurity(spec.security ?? {}, options.profileOf(metadata.name), {
    folders: options.folders,
    networkPolicy: spec.networking?.networkPolicy,
  });
  return {
    name: metadata.name,
    ...given(
      'hostsFrom',
      spec.hostsFrom?.file ?? (spec.hostsFrom?.command && quoteAll(spec.hostsFrom.command)),
    ),
    kubernetesVersion: spec.kubernetesVersion,
    controlPlaneEndpoint: buildEndpoint(spec.controlPlaneEndpoint, loadBalancer, hosts),
    networking: {
      podSubnets: cidrs(spec.networking?.podSubnet ?? defaults.podSubnet),
      serviceSubnets: cidrs(spec.networking?.serviceSubnet ?? defaults.serviceSubnet),
      dnsDomain: spec.networking?.dnsDomain ?? defaults.dnsDomain,
      ...((spec.networking?.cni ?? defaults.cni) === 'flannel' && {
        flannel: {
          backend: flannel?.backend ?? defaults.flannelBackend,
          ...given('mtu', flannel?.mtu),
          ...given('interface', flannel?.interface),
        },
      }),
    },
    ...given('loadBalancer', loadBalancer),
    ...given('metallb', spec.metallb && buildMetallb(spec.metallb)),
    ...given('dns', spec.dns && buildDns(spec.dns)),
    ...given('ntp', spec.ntp && { servers: spec.ntp.servers.map(canonicalServer) }),
    etcd: {
      ...component(spec.etcd),
      ...given('dataDir', spec.etcd?.dataDir),
      ...given('backup', spec.etcd?.backup && buildBackup(spec.etcd.backup, metadata.name, options.folders)),
      ...given('external', spec.etcd?.external && foreignEtcd(spec.etcd.external, options.folders)),
    },
    security,
    ...given('encryption', encryptionOf(spec, security)),
    ...given('state', spec.state && buildState(spec.state, options.folders)),
    caKeyAlgorithm: spec.pki?.caKeyAlgorithm ?? defaults.caKeyAlgorithm,
    rotate: [...new Set(spec.pki?.rotate ?? [])],
    apiServer: {
      certSANs: spec.apiServer?.certSANs ?? [],
      ...component(spec.apiServer),
      ...given('authentication', apiServerConfig(spec.apiServer?.authentication, options.folders)),
      ...given('authorization', apiServerConfig(spec.apiServer?.authorization, options.folders)),
    },
    controllerManager: component(spec.controllerManager),
    scheduler: component(spec.scheduler),
    kubelet: kubelet(spec.kubelet),
    ...((spec.kubeProxy?.enabled ?? defaults.kubeProxy) && { kubeProxy: merged(spec.kubeProxy) }),
    containerd: {
      ...merged(spec.containerd),
      ...given(
        'registries',
        spec.containerd?.registries && buildRegistries(spec.containerd.registries, options.folders),
      ),
    },
    ...given('runtimes', spec.runtimes && buildRuntimes(spec.runtimes, hosts)),
    imageRepository: spec.imageRepository ?? defaults.imageRepository,
    artifacts: {
      ...given('mirror', spec.artifacts?.mirror?.replace(/\/+$/, '')),
      ...(spec.artifacts?.spread === 'hosts' && { spread: 'hosts' as const }),
      ...given('spreadPort', spec.artifacts?.spreadPort),
      ...(spec.artifacts?.fetch === 'once' && { fetch: 'once' as const }),
      ...given(
        'bundleSigners',
        spec.artifacts?.bundleSigners?.map((signer) =>
          signer.startsWith('ssh-') ? signer : absolutePath(signer, options.folders),
        ),
      ),
    },
    ...given('proxy', spec.proxy && buildProxy(spec.proxy)),
    ...given('templates', spec.templates && absolutePath(spec.templates, options.folders)),
    upgrade: buildUpgrade(spec.upgrade),
    preflight: { ignore: spec.preflight?.ignore ?? [] },
    ...given('files', spec.files && buildFiles(spec.files, hosts, options.folders)),
    ...given('hooks', spec.hooks && buildHooks(spec.hooks, hosts)),
    ...given('addons', spec.addons && buildAddons(spec.addons, options.folders)),
    hosts,
  };
}

/** Secrets are encrypted as the inventory says, or with a key of kboot's own unless the operator has a file for that. */
function encryptionOf(spec: Spec, { encryptSecrets }: Security): Cluster['encryption'] {
  if (spec.encryption !== undefined) return buildEncryption(spec.encryption);
  const isTheirs = spec.apiServer?.extraArgs?.some(
    ({ name }) => name.replaceAll('_', '-') === encryptionFlag,
  );
  return encryptSecrets && isTheirs !== true ? buildEncryption({ provider: 'secretbox' }) : undefined;
}

function apiServerConfig(
  stated: { readonly file?: string | undefined } | undefined,
  folders: Folders,
): ApiServerConfig | undefined {
  if (stated === undefined) return undefined;
  const { file, ...config } = stated;
  return file === undefined ? { config: config } : { file: absolutePath(file, folders) };
}

function buildEndpoint(
  stated: string | undefined,
  loadBalancer: { readonly virtualIP: string; readonly port: number } | undefined,
  hosts: readonly Host[],
): Cluster['controlPlaneEndpoint'] {
  const port = loadBalancer?.port ?? defaults.apiServerPort;
  if (stated !== undefined) {
    const endpoint = valid(parseEndpoint(stated));
    return { host: endpoint.host, port: endpoint.port ?? port };
  }
  const plane = hosts.find((host) => host.roles.includes('control-plane'));
  return { host: loadBalancer?.virtualIP ?? plane?.address ?? '', port };
}

function foreignEtcd(
  stated: NonNullable<NonNullable<Spec['etcd']>['external']>,
  folders: Folders,
): ForeignEtcd {
  return {
    endpoints: stated.endpoints.map((endpoint) => valid(parseEtcdEndpoint(endpoint)).url),
    caFile: absolutePath(stated.caFile, folders),
    certFile: absolutePath(stated.certFile, folders),
    keyFile: absolutePath(stated.keyFile, folders),
  };
}

function buildHost(host: InventoryHost, ssh: Ssh, options: BuildOptions): Host {
  const pair = valid(parsePair(host.address ?? host.ssh?.address ?? '', parseAddress)).items;
  const [first, second] = pair;
  return {
    name: host.name,
    roles: host.roles,
    address: first?.text ?? '',
    ...given('secondAddress', second?.text),
    connection:
      host.connection === 'local' ? { kind: 'local' } : connection(host, ssh, first?.text ?? '', options),
    labels: host.labels ?? {},
    taints: (host.taints ?? []).map(({ key, value, effect }) => ({ key, ...given('value', value), effect })),
    ...given('kubelet', host.kubelet && kubelet(host.kubelet)),
    ...given('containerd', host.containerd && merged(host.containerd)),
    ...given('upgradeGroup', host.upgradeGroup),
  };
}

function connection(
  host: InventoryHost,
  shared: Ssh,
  address: string,
  options: BuildOptions,
): Host['connection'] {
  const own = host.ssh ?? {};
  const vagrant = own.vagrant ?? shared.vagrant;
  if (vagrant !== undefined) return { kind: 'vagrant', vagrantDir: absolutePath(vagrant, options.folders) };
  const identityFile = own.identityFile ?? shared.identityFile;
  const user = own.user ?? shared.user ?? options.defaultUser;
  const bastion = own.bastion ?? shared.bastion;
  return {
    kind: 'ssh',
    address: own.address ?? address,
    port: own.port ?? shared.port ?? defaults.sshPort,
    user,
    ...given('identityFile', identityFile && absolutePath(identityFile, options.folders)),
    ...given('hostKey', own.hostKey),
    ...given('bastion', bastion && buildBastion(bastion, options)),
  };
}

function buildBastion(bastion: NonNullable<Ssh['bastion']>, options: BuildOptions): Bastion {
  return {
    address: bastion.address,
    port: bastion.port ?? defaults.sshPort,
    user: bastion.user ?? options.defaultUser,
    ...given('hostKey', bastion.hostKey),
    ...given('identityFile', bastion.identityFile && absolutePath(bastion.identityFile, options.folders)),
  };
}

function component(stated: StatedComponent | undefined): Component {
  const { extraArgs = [], extraEnvs, extraVolumes } = stated ?? {};
  return {
    extraArgs,
    ...given('extraEnvs', extraEnvs),
    ...given(
      'extraVolumes',
      extraVolumes?.map(({ name, hostPath, mountPath, readOnly, pathType }): ExtraVolume => ({
        ...{ name, hostPath, mountPath },
        readOnly: readOnly ?? false,
        pathType: pathType ?? '',
      })),
    ),
  };
}

function buildDns({ upstream, stubDomains = {}, replicas, extraBlocks }: NonNullable<Spec['dns']>): Dns {
  const servers = (list: readonly string[]): string[] =>
    list.map((server) => valid(parseUpstream(server)).text);
  return {
    ...given('upstream', upstream && servers(upstream)),
    stubDomains: Object.entries(stubDomains).map(([domain, list]) => ({ domain, servers: servers(list) })),
    ...given('replicas', replicas),
    ...given('extraBlocks', extraBlocks),
  };
}

/** Addresses in their canonical form; names as they are. */
function canonicalServer(server: string): string {
  const address = parseAddress(server);
  return isProblem(address) ? server : address.text;
}

function buildProxy({ http, https, noProxy }: NonNullable<Spec['proxy']>): Proxy {
  return { ...given('http', http), ...given('https', https), noProxy: noProxy ?? [] };
}

function kubelet(stated: Spec['kubelet']): KubeletSettings {
  return { ...merged(stated), ...given('extraArgs', stated?.extraArgs) };
}

/** document.ts only produces JSON values, so a record of unknown is a JSON object. */
function merged(stated: { config?: Record<string, unknown> | undefined } | undefined): {
  config: JsonObject;
} {
  return { config: (stated?.config ?? {}) as JsonObject };
}

function cidrs(text: string): string[] {
  return valid(parsePair<{ family: Family; text: string }>(text, parseCidr)).items.map((cidr) => cidr.text);
}
