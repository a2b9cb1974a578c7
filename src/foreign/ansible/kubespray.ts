import { isProblem, parseAddress } from '../../inventory/address.ts';
import { defaults } from '../../inventory/defaults.ts';
import { noKubeProxy, otherNetwork } from '../component-rules.ts';
import { asKbootDoes, left, secretKey, taken, type Outcome } from '../outcome.ts';
import { flagOf, jsonObjectOf, jsonOf, listOf, textOf, textsOf, wholeOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';
import { taintOf } from '../taints.ts';
import { versionOutcome } from '../versions.ts';

/** Other variables of the same hosts. */
export interface Siblings {
  get(name: string): unknown;
  readonly knownVersions: readonly string[];
}

type Rule = (value: unknown, siblings: Siblings) => Outcome;

const unusable = left('its value is not one that kboot understands');

/** A text as one field. */
const text =
  (path: readonly string[]): Rule =>
  (value) => {
    const found = textOf(value);
    return found === undefined ? unusable : taken(path, found);
  };

const whole =
  (path: readonly string[]): Rule =>
  (value) => {
    const found = wholeOf(value);
    return found === undefined ? unusable : taken(path, found);
  };

const flag =
  (path: readonly string[]): Rule =>
  (value) => {
    const found = flagOf(value);
    return found === undefined ? unusable : taken(path, found);
  };

/** A text as a flag of a component; `preset`: what it has without. */
const argument =
  (component: string, name: string, preset?: string): Rule =>
  (value) => {
    const found = textOf(value);
    if (found === undefined) return unusable;
    return found === preset
      ? asKbootDoes("Kubernetes' default")
      : taken(['spec', component, 'extraArgs', -1], { name, value: found });
  };

/** A mapping or a list of flags: `{v: 4}`, `["--v=4"]`. */
const argumentsOf =
  (path: readonly string[]): Rule =>
  (value) => {
    const list = Object.entries(recordOf(value) ?? {}).map(([name, each]) => [name, textOf(each)] as const);
    const words = (listOf(value) ?? []).map((word) => {
      const [, name = '', setting = 'true'] = /^-{0,2}([\w-]+)(?:=(.*))?$/s.exec(textOf(word) ?? '') ?? [];
      return [name, setting] as const;
    });
    const all = [...list, ...words];
    if (all.length === 0) return left('it is empty');
    if (all.some(([name, each]) => name === '' || each === undefined)) return unusable;
    return {
      fields: all.map(([name, each]) => ({ path: [...path, -1], value: { name, value: each ?? '' } })),
      became: path.join('.'),
    };
  };

const merged =
  (path: readonly string[]): Rule =>
  (value) => {
    const config = jsonObjectOf(value);
    if (config === undefined) return left('it is empty');
    return {
      fields: Object.entries(config).map(([key, each]) => ({ path: [...path, key], value: each })),
      became: path.join('.'),
    };
  };

/** A setting of kubeadm's or Kubernetes' default, which is a field only if it is not the default. */
const unless =
  (preset: string, rule: Rule): Rule =>
  (value, siblings) =>
    textOf(value) === preset ? asKbootDoes("kboot's default") : rule(value, siblings);

const isDual = (siblings: Siblings): boolean =>
  flagOf(siblings.get('enable_dual_stack_networks')) === true || flagOf(siblings.get('ipv6_stack')) === true;

/** `v4,v6` of two variables, if the cluster has both families. */
const network =
  (field: string, other: string): Rule =>
  (value, siblings) => {
    const [first, second] = [textOf(value), textOf(siblings.get(other))];
    if (first === undefined) return unusable;
    return taken(
      ['spec', 'networking', field],
      isDual(siblings) && second !== undefined ? `${first},${second}` : first,
    );
  };

const secondNetwork =
  (field: string): Rule =>
  (_value, siblings) =>
    isDual(siblings)
      ? { became: `spec.networking.${field}` }
      : left('the cluster has one family of addresses (ipv6_stack)');

/** Addresses are joined with a port; `port` may be absent. */
const endpoint = (host: string, port: string | undefined): Outcome => {
  const address = parseAddress(host);
  const shown = !isProblem(address) && address.family === 6 ? `[${host}]` : host;
  return taken(['spec', 'controlPlaneEndpoint'], port === undefined ? shown : `${shown}:${port}`);
};

const nodeMask =
  (family: 4 | 6): Rule =>
  (value, siblings) => {
    const bits = wholeOf(value);
    if (bits === undefined) return unusable;
    if (family === 6 && !isDual(siblings))
      return left('the cluster has one family of addresses (ipv6_stack)');
    if (bits === (family === 4 ? 24 : 64)) return asKbootDoes("Kubernetes' default");
    const name = isDual(siblings) ? `node-cidr-mask-size-ipv${family}` : 'node-cidr-mask-size';
    return taken(['spec', 'controllerManager', 'extraArgs', -1], { name, value: String(bits) });
  };

/** `http://proxy:3128`; with a password in it, it is a secret. */
const proxy =
  (field: 'http' | 'https'): Rule =>
  (value) => {
    const url = textOf(value);
    if (url === undefined) return left('it is empty');
    return /\/\/[^/]*@/.test(url)
      ? left(`it has a password: set spec.proxy.${field} to \${NAME} and the environment variable to the URL`)
      : taken(['spec', 'proxy', field], url);
  };

const pools = (value: unknown): Outcome => {
  const found = recordOf(recordOf(value)?.['address_pools']) ?? {};
  const all = Object.entries(found).map(([name, pool]) => ({
    name,
    addresses: textsOf(recordOf(pool)?.['ip_range']),
  }));
  if (all.length === 0 || all.some(({ addresses }) => addresses.length === 0)) return unusable;
  const bgp = recordOf(value)?.['layer3'] !== undefined;
  return {
    fields: all.map((pool) => ({ path: ['spec', 'metallb', 'pools', -1], value: jsonOf(pool) })),
    became: 'spec.metallb.pools',
    ...(bgp && { why: 'the pools only: write its layer3 as spec.metallb.bgpPeers' }),
  };
};

const metallb =
  (rule: Rule): Rule =>
  (value, siblings) =>
    flagOf(siblings.get('metallb_enabled')) === true
      ? rule(value, siblings)
      : left('metallb_enabled is not true');

/** kube-vip before the API servers is what kboot's virtual IP is. */
const virtualIP: Rule = (value, siblings) => {
  const address = textOf(value);
  if (flagOf(siblings.get('kube_vip_enabled')) !== true) return left('kube_vip_enabled is not true');
  if (address === undefined) return unusable;
  return taken(
    ['spec', 'loadBalancer', 'virtualIP'],
    address,
    'provided by keepalived and haproxy in place of kube-vip, at another port',
  );
};

const mode: Rule = (value) => {
  const name = textOf(value) ?? '';
  return ['iptables', 'ipvs', 'nftables'].includes(name)
    ? taken(['spec', 'kubeProxy', 'config', 'mode'], name)
    : unusable;
};

/** Kubespray's names for a network that the operator installs. */
const ownNetworks: readonly string[] = ['cni', 'custom_cni', 'none'];

const cni: Rule = (value) => {
  const name = textOf(value) ?? '';
  if (name === 'flannel') return asKbootDoes("kboot's default");
  if (ownNetworks.includes(name))
    return taken(['spec', 'networking', 'cni'], 'none', 'you install the network, as with Kubespray');
  return otherNetwork(/^[a-z][a-z0-9-]{0,30}$/.test(name) ? name : undefined);
};

/** `0.pool.ntp.org iburst`, if Kubespray writes the configuration with it. */
const ntpServers: Rule = (value, siblings) => {
  const isManaged = ['ntp_enabled', 'ntp_manage_config'].every((name) => flagOf(siblings.get(name)) === true);
  if (!isManaged) return left('ntp_enabled and ntp_manage_config are not both true');
  const servers = textsOf(value).flatMap((server) => server.split(/\s+/)[0] ?? []);
  return servers.length === 0 ? unusable : taken(['spec', 'ntp', 'servers'], servers);
};

const ntpSwitch: Rule = (value) =>
  flagOf(value) === true
    ? { became: 'spec.ntp', why: 'if ntp_servers are stated' }
    : asKbootDoes('hosts keep the time service that they have');

const runtime: Rule = (value) =>
  textOf(value) === 'containerd'
    ? asKbootDoes('containerd is the runtime')
    : left('kboot installs containerd, and no other runtime');

const encryption: Rule = (value) =>
  flagOf(value) === true
    ? taken(['spec', 'encryption', 'provider'], 'secretbox', 'with a new key')
    : asKbootDoes('the security profile says whether Secrets are encrypted');

const domain: Rule = (value, siblings) =>
  siblings.get('dns_domain') === undefined
    ? unless(defaults.dnsDomain, text(['spec', 'networking', 'dnsDomain']))(value, siblings)
    : left('dns_domain says it');

const oidc =
  (name: string): Rule =>
  (value, siblings) =>
    flagOf(siblings.get('kube_oidc_auth')) === true
      ? argument('apiServer', name)(value, siblings)
      : left('kube_oidc_auth is not true');

const loadBalancer: Rule = (value, siblings) => {
  const { address, port } = recordOf(value) ?? {};
  const host = textOf(siblings.get('apiserver_loadbalancer_domain_name')) ?? textOf(address);
  return host === undefined ? unusable : endpoint(host, textOf(port));
};

const kubeadmArguments = (component: string): Rule => argumentsOf(['spec', component, 'extraArgs']);
const kubelet = ['spec', 'kubelet', 'config'];

/** Variables of Kubespray, and of other roles that install Kubernetes, that are about the whole cluster. */
export const clusterRules: Readonly<Record<string, Rule>> = {
  kube_version: (value, { knownVersions }) => {
    const version = textOf(value);
    return version === undefined ? unusable : versionOutcome(version, knownVersions);
  },
  k3s_version: (value, { knownVersions }) => {
    const version = textOf(value);
    return version === undefined ? unusable : versionOutcome(version, knownVersions);
  },
  cluster_name: domain,
  dns_domain: unless(defaults.dnsDomain, text(['spec', 'networking', 'dnsDomain'])),
  kube_pods_subnet: network('podSubnet', 'kube_pods_subnet_ipv6'),
  kube_pods_subnet_ipv6: secondNetwork('podSubnet'),
  kube_service_addresses: network('serviceSubnet', 'kube_service_addresses_ipv6'),
  kube_service_addresses_ipv6: secondNetwork('serviceSubnet'),
  enable_dual_stack_networks: () => ({ became: 'spec.networking.podSubnet and serviceSubnet' }),
  ipv6_stack: () => ({ became: 'spec.networking.podSubnet and serviceSubnet' }),
  kube_network_node_prefix: nodeMask(4),
  kube_network_node_prefix_ipv6: nodeMask(6),
  kube_network_plugin: cni,
  flannel_backend_type: (value, siblings) =>
    textOf(siblings.get('kube_network_plugin')) === 'flannel'
      ? unless(defaults.flannelBackend, text(['spec', 'networking', 'flannel', 'backend']))(value, siblings)
      : left('kube_network_plugin is not flannel'),
  flannel_interface: text(['spec', 'networking', 'flannel', 'interface']),
  kube_proxy_mode: mode,
  kube_proxy_strict_arp: flag(['spec', 'kubeProxy', 'config', 'ipvs', 'strictARP']),
  kube_proxy_remove: (value) =>
    flagOf(value) === true ? noKubeProxy : asKbootDoes('kube-proxy is installed'),
  container_manager: runtime,
  kubelet_max_pods: whole([...kubelet, 'maxPods']),
  kubelet_fail_swap_on: flag([...kubelet, 'failSwapOn']),
  kubelet_cpu_manager_policy: text([...kubelet, 'cpuManagerPolicy']),
  kubelet_topology_manager_policy: text([...kubelet, 'topologyManagerPolicy']),
  kubelet_shutdown_grace_period: text([...kubelet, 'shutdownGracePeriod']),
  kubelet_shutdown_grace_period_critical_pods: text([...kubelet, 'shutdownGracePeriodCriticalPods']),
  kubelet_config_extra_args: merged(kubelet),
  kubelet_custom_flags: argumentsOf(['spec', 'kubelet', 'extraArgs']),
  kube_kubeadm_apiserver_extra_args: kubeadmArguments('apiServer'),
  kube_kubeadm_controller_extra_args: kubeadmArguments('controllerManager'),
  kube_kubeadm_scheduler_extra_args: kubeadmArguments('scheduler'),
  event_ttl_duration: argument('apiServer', 'event-ttl', '1h0m0s'),
  tls_min_version: argument('apiServer', 'tls-min-version'),
  kube_oidc_auth: (value) =>
    flagOf(value) === true
      ? { became: 'spec.apiServer.extraArgs' }
      : asKbootDoes('no OpenID Connect unless it is configured'),
  kube_oidc_url: oidc('oidc-issuer-url'),
  kube_oidc_client_id: oidc('oidc-client-id'),
  kube_oidc_username_claim: oidc('oidc-username-claim'),
  kube_oidc_username_prefix: oidc('oidc-username-prefix'),
  kube_oidc_groups_claim: oidc('oidc-groups-claim'),
  kube_oidc_groups_prefix: oidc('oidc-groups-prefix'),
  kube_encrypt_secret_data: encryption,
  kube_image_repo: unless(defaults.imageRepository, text(['spec', 'imageRepository'])),
  etcd_data_dir: unless(defaults.etcdDataDir, text(['spec', 'etcd', 'dataDir'])),
  loadbalancer_apiserver: loadBalancer,
  apiserver_loadbalancer_domain_name: (value, siblings) => {
    const host = textOf(value);
    if (recordOf(siblings.get('loadbalancer_apiserver')) !== undefined)
      return { became: 'spec.controlPlaneEndpoint' };
    return host === undefined ? unusable : endpoint(host, undefined);
  },
  loadbalancer_apiserver_localhost: () =>
    left('kboot has one address in front of all API servers: spec.loadBalancer or spec.controlPlaneEndpoint'),
  kube_vip_enabled: (value) =>
    flagOf(value) === true ? { became: 'spec.loadBalancer' } : asKbootDoes('there is no kube-vip'),
  kube_vip_address: virtualIP,
  kube_vip_interface: (value, siblings) =>
    flagOf(siblings.get('kube_vip_enabled')) === true
      ? text(['spec', 'loadBalancer', 'interface'])(value, siblings)
      : left('kube_vip_enabled is not true'),
  metallb_enabled: (value) =>
    flagOf(value) === true ? { became: 'spec.metallb' } : asKbootDoes('no MetalLB without pools'),
  metallb_config: metallb(pools),
  metallb_ip_range: metallb((value) => {
    const addresses = textsOf(value);
    return addresses.length === 0
      ? unusable
      : taken(['spec', 'metallb', 'pools', -1], { name: 'default', addresses });
  }),
  supplementary_addresses_in_ssl_keys: (value) => {
    const names = textsOf(value);
    if (names.length === 0) return left('it is empty');
    return {
      fields: names.map((name) => ({ path: ['spec', 'apiServer', 'certSANs', -1], value: name })),
      became: 'spec.apiServer.certSANs',
    };
  },
  http_proxy: proxy('http'),
  https_proxy: proxy('https'),
  no_proxy: (value) => {
    const names = textsOf(value);
    if (names.length === 0) return left('it is empty');
    return taken(['spec', 'proxy', 'noProxy'], names);
  },
  ntp_enabled: ntpSwitch,
  ntp_manage_config: ntpSwitch,
  ntp_servers: ntpServers,
  upstream_dns_servers: (value) => {
    const servers = textsOf(value);
    return servers.length === 0 ? left('it is empty') : taken(['spec', 'dns', 'upstream'], servers);
  },
};

/** Variables of Kubespray about one node. */
export const hostRules: Readonly<Record<string, (value: unknown) => Outcome>> = {
  node_labels: (value) => {
    const labels = Object.entries(recordOf(value) ?? {}).map(
      ([name, each]) => [name, textOf(each) ?? ''] as const,
    );
    if (labels.length === 0) return left('it is empty');
    return {
      fields: labels.map(([name, each]) => ({ path: ['labels', name], value: each })),
      became: 'spec.hosts[].labels',
    };
  },
  node_taints: (value) => {
    const taints = textsOf(value).map(taintOf);
    if (taints.length === 0) return left('it is empty');
    if (taints.includes(undefined)) return unusable;
    return {
      fields: taints.flatMap((taint) =>
        taint === undefined ? [] : [{ path: ['taints', -1], value: taint }],
      ),
      became: 'spec.hosts[].taints',
    };
  },
};

/** Why a variable that no rule is about is not taken over. */
export function leftVariable(name: string): Outcome {
  const secret = secretKey(name);
  if (secret !== undefined) return secret;
  if (/^(etcd_deployment_type|etcd_kubeadm_enabled)$/.test(name))
    return left("kboot's etcd is a static Pod, as kubeadm makes it");
  if (
    /^(helm|dashboard|registry|ingress|cert_manager|argocd|metrics_server|local_path|local_volume|cephfs|rbd|alb|node_feature_discovery|kubernetes_dashboard)_/.test(
      name,
    )
  )
    return left('an add-on: state its manifests in spec.addons (docs/addons.md)');
  if (/^(calico|cilium|kube_ovn|kube_router|weave|multus|canal|macvlan|antrea)_/.test(name))
    return left('of a network that kboot does not install: state it in spec.addons (docs/networks.md)');
  if (/^(gvisor|kata|kata_containers|nvidia)_/.test(name))
    return left('a container runtime: state it in spec.runtimes (docs/runtimes.md)');
  if (/^(docker|crio|containerd|runc|cri|nerdctl|crictl)_/.test(name))
    return left('kboot sets the runtime up by itself; spec.containerd.config and registries change it');
  if (/_(version|checksums?|download_url|binary_checksum|image_(repo|tag|name))$/.test(name))
    return left('kboot.lock.yaml pins versions, files and images (docs/lock.md)');
  if (name.startsWith('ansible_')) return left('of how Ansible works');
  return left('no field of an inventory says this');
}
