import { stringify } from 'yaml';
import { defaults } from '../inventory/defaults.ts';
import type { Bastion } from '../model/cluster.ts';

/** One machine of a new inventory. */
export interface NewHost {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  /** Node address, in the inventory's form. */
  readonly address: string;
  /** SSH address, if not the node address. */
  readonly sshAddress?: string;
  /** A summary of its facts: `eth1, debian 12, 2 CPUs, 3906 MiB`. */
  readonly seen?: string;
}

/** How to reach its hosts. */
export interface NewSsh {
  readonly user: string;
  readonly port?: number;
  /** In the inventory's form: under `~`, or relative to its folder. */
  readonly identityFile?: string;
  readonly bastion?: Omit<Bastion, 'port' | 'hostKey'> & { readonly port?: number };
}

/** The contents of a new inventory; other fields keep their defaults. Not validated yet. */
export interface NewInventory extends NewSsh {
  readonly name: string;
  readonly kubernetesVersion: string;
  readonly virtualIP?: string;
  /** Endpoint of a load balancer that kboot does not manage. */
  readonly endpoint?: string;
  /** For MetalLB: ranges or networks. */
  readonly pools: readonly string[];
  /** "v4,v6" if the hosts are dual-stack; absent: the default, which contains no address of the site. */
  readonly podSubnet?: string;
  readonly serviceSubnet?: string;
  readonly hosts: readonly NewHost[];
}

/** The inventory as commented YAML. Does not validate it. */
export function newInventoryText(inventory: NewInventory): string {
  const { name, hosts } = inventory;
  return [
    '# yaml-language-server: $schema=./inventory.schema.json',
    '',
    '# A Kubernetes cluster for kboot, written by `kboot init`; edit it as you like. Fields that are not set have',
    '# defaults. `kboot schema > inventory.schema.json` lets an editor complete and check it.',
    'apiVersion: kboot.dev/v1',
    'kind: Cluster',
    'metadata:',
    `  name: ${scalar(name)} # names the state folder and the kubeconfig context`,
    'spec:',
    `  kubernetesVersion: ${scalar(inventory.kubernetesVersion)}`,
    ...entryLines(inventory),
    ...networkLines(inventory),
    ...poolLines(inventory.pools),
    ...sshLines(inventory),
    '  hosts:',
    ...hosts.flatMap((host) => hostLines(host, rolesOf(host, hosts))),
    '',
  ].join('\n');
}

/** How clients reach the API servers. */
function entryLines({ virtualIP, endpoint }: NewInventory): string[] {
  const port = defaults.loadBalancerPort;
  const own =
    virtualIP === undefined
      ? []
      : [
          '  loadBalancer: # keepalived and haproxy on the control planes',
          `    virtualIP: ${scalar(virtualIP)} # unused, and in the network of the control planes`,
          `    port: ${port} # not ${defaults.apiServerPort}: the API servers listen there on the same hosts`,
          `    virtualRouterID: ${defaults.virtualRouterID} # unique among the clusters in this network`,
        ];
  const stated =
    endpoint === undefined
      ? []
      : [
          `  controlPlaneEndpoint: ${scalar(endpoint)} # your own load balancer, or a DNS name of the virtual IP`,
        ];
  if (own.length + stated.length > 0) return [...stated, ...own];
  return [
    '  # A cluster that may get more control planes later needs a virtual IP from the start:',
    `  # loadBalancer: { virtualIP: 10.0.0.100, port: ${port} } # unused, and in the hosts' network`,
  ];
}

function networkLines({ podSubnet, serviceSubnet }: NewInventory): string[] {
  if (podSubnet === undefined && serviceSubnet === undefined) return [];
  const line = (key: 'podSubnet' | 'serviceSubnet', value: string | undefined): string[] => {
    if (value === undefined) return [];
    const chosen = value.includes('.') && !value.split(',').includes(defaults[key]);
    const why = chosen ? ` # the default ${defaults[key]} contains addresses of yours` : '';
    return [`    ${key}: ${scalar(value)}${why}`];
  };
  const isDual = [podSubnet, serviceSubnet].some((value) => value?.includes(',') === true);
  return [
    `  networking:${isDual ? " # dual-stack: a network of each family, in the order of the hosts' addresses" : ''}`,
    ...line('podSubnet', podSubnet),
    ...line('serviceSubnet', serviceSubnet),
  ];
}

function sshLines({ user, port, identityFile, bastion }: NewSsh): string[] {
  return [
    '  ssh:',
    `    user: ${scalar(user)} # root, or a user who may use sudo`,
    port === undefined ? `    # port: ${defaults.sshPort}` : `    port: ${port}`,
    identityFile === undefined
      ? '    # identityFile: ~/.ssh/id_ed25519 # default: the SSH agent, the default files in ~/.ssh, a password'
      : `    identityFile: ${scalar(identityFile)}`,
    ...bastionLines(bastion),
  ];
}

function bastionLines(bastion: NewSsh['bastion']): string[] {
  if (bastion === undefined)
    return ['    # bastion: { address: gw.example.com, user: ops } # a host to jump through'];
  const { address, user, port, identityFile } = bastion;
  return [
    '    bastion: # the host to jump through',
    `      address: ${scalar(address)}`,
    `      user: ${scalar(user)}`,
    ...(port === undefined ? [] : [`      port: ${port}`]),
    ...(identityFile === undefined ? [] : [`      identityFile: ${scalar(identityFile)}`]),
  ];
}

function poolLines(pools: readonly string[]): string[] {
  if (pools.length === 0)
    return [
      '  # metallb: # addresses for Services of type LoadBalancer; unused, and without the virtual IP',
      '  #   pools: [{ name: default, addresses: [10.0.0.200-10.0.0.220] }]',
    ];
  return [
    '  metallb: # addresses for Services of type LoadBalancer',
    '    pools:',
    '      - name: default',
    '        addresses:',
    ...pools.map((pool) => `          - ${scalar(pool)}`),
  ];
}

/** Without workers, the control planes run Pods too. */
function rolesOf({ role }: NewHost, hosts: readonly NewHost[]): string {
  const alone = !hosts.some((host) => host.role === 'worker');
  return alone ? '[control-plane, worker] # also runs Pods, since there are no workers' : `[${role}]`;
}

function hostLines({ name, address, sshAddress, seen }: NewHost, roles: string): string[] {
  return [
    `    - name: ${scalar(name)}`,
    `      roles: ${roles}`,
    `      address: ${scalar(address)}${seen === undefined ? '' : ` # ${comment(seen)}`}`,
    ...(sshAddress === undefined
      ? []
      : ['      ssh:', `        address: ${scalar(sshAddress)} # for SSH; nodes use the address above`]),
  ];
}

/** A string on one line, quoted if YAML or variable substitution would change its meaning. */
function scalar(text: string): string {
  const literal = text.replaceAll('${', () => '$${');
  const plain = stringify(literal, { compat: 'yaml-1.1', lineWidth: 0 }).trimEnd();
  return plain.includes('\n') ? JSON.stringify(literal) : plain;
}

/** Text from a host must not end the comment. */
function comment(text: string): string {
  return text.replace(/[^ -~]+/g, '?');
}
