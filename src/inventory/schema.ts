import * as z from 'zod';
import { parseAddress, parseCidr, parsePair, parseUnicast } from './address.ts';
import { defaults } from './defaults.ts';
import {
  dnsLabel,
  dnsName,
  filePath,
  hostKey,
  labelValue,
  matching,
  nodeName,
  parsedBy,
  qualifiedName,
  role,
  text,
  whole,
} from './fields.ts';
import { parseEndpoint } from './endpoint.ts';
import { component, extraArg, extraArgs, extraEnvs, extraVolumes } from './schema-components.ts';
import { addons } from './schema-addons.ts';
import { backup } from './schema-backup.ts';
import { etcdDataFolder, externalEtcd } from './schema-etcd.ts';
import { dns } from './schema-dns.ts';
import { encryption } from './schema-encryption.ts';
import { files, hooks } from './schema-hooks.ts';
import { hostsFrom } from './schema-hosts-from.ts';
import { proxy } from './schema-proxy.ts';
import { registries } from './schema-registries.ts';
import { runtimes } from './schema-runtimes.ts';
import { authentication, authorization, security } from './schema-security.ts';
import { spreadFields } from './schema-spread.ts';
import { state } from './schema-state.ts';
import { pki } from './schema-pki.ts';
import { upgrade } from './schema-upgrade.ts';
import { metallb } from './schema-metallb.ts';
import { ntp } from './schema-ntp.ts';
import { vagrantMachine } from './schema-vagrant.ts';

/*
 * The only definition of the inventory's format: parsing, types and the JSON Schema are derived from it.
 * The defaults of optional fields are in defaults.ts. Checks across several fields are in checks/.
 */

const port = (description: string, preset: number): z.ZodNumber =>
  whole(1, 65535, { description, default: preset });

const interfaceName = (description: string): z.ZodString =>
  text(
    { description, examples: ['eth1'] },
    matching(/^[^\s/:]{1,15}$/, 'must be the name of a network interface (at most 15 characters)'),
  );

const sshUser = (): z.ZodString =>
  text(
    {
      description:
        'User to log in as: root, or a user who can use sudo; users of a directory by their full names. Default: the user who runs kboot.',
      examples: ['ops', 'jdoe@corp.example.com'],
    },
    matching(/^(?!-)[^\s:\p{Cc}]+$/u, 'must be a user name without blanks and colons'),
  );

const identityFile = (): z.ZodString =>
  text(
    {
      description:
        "Private key file; `~` is the home directory, a relative path is resolved from the inventory's folder. Default: the SSH agent, then the usual files in ~/.ssh.",
      examples: ['~/.ssh/id_ed25519'],
    },
    filePath,
  );

const sshAddress = (description: string, example: string): z.ZodString =>
  text({ description, examples: [example] }, (value) => {
    if (/^[\d.]+$/.test(value) || value.includes(':') || value.includes('%'))
      return parsedBy(parseAddress)(value);
    return dnsName(value.toLowerCase()) === undefined
      ? undefined
      : `must be an IP address or a DNS name, not "${value}"`;
  });

const hostKeyField = (): z.ZodString =>
  text(
    {
      description: 'Expected host key, "TYPE BASE64" as in known_hosts. Default: the one in known_hosts.',
      examples: ['ssh-ed25519 AAAAC3Nz…'],
    },
    hostKey,
  );

const bastion = z
  .strictObject({
    address: sshAddress('Address or DNS name of the bastion.', 'gw.example.com'),
    user: sshUser().optional(),
    port: port('SSH port of the bastion.', defaults.sshPort).optional(),
    identityFile: identityFile().optional(),
    hostKey: hostKeyField().optional(),
  })
  .meta({ description: 'Jump host for the connection; its host key is verified like any other.' });

const clusterSsh = z
  .strictObject({
    user: sshUser().optional(),
    port: port('SSH port.', defaults.sshPort).optional(),
    identityFile: identityFile().optional(),
    bastion: bastion.optional(),
    vagrant: text(
      {
        description:
          "Folder of a Vagrantfile whose machines have the hosts' names; Vagrant provides the connection settings. A relative path is resolved from the inventory's folder.",
        examples: ['../vagrant'],
      },
      filePath,
    ).optional(),
  })
  .meta({ description: 'How kboot connects to every host; a host can override each field.' });

const hostSsh = z
  .strictObject({
    address: sshAddress(
      "Address or DNS name to connect to. Default: the host's address.",
      '192.168.56.11',
    ).optional(),
    ...clusterSsh.shape,
    hostKey: hostKeyField().optional(),
  })
  .meta({ description: 'How kboot connects to this host; overrides spec.ssh field by field.' });

const merged = (description: string, example: object) =>
  z.strictObject({
    config: z
      .record(z.string(), z.unknown())
      .meta({
        description: `${description} Objects merge, lists and values replace, null removes.`,
        examples: [example],
      })
      .optional(),
  });

const kubeletArgs = (description: string) =>
  z
    .array(extraArg)
    .meta({
      description: `${description} A field of its configuration is the better place where there is one: flags are deprecated.`,
      default: [],
    })
    .optional();

const taint = z
  .strictObject({
    key: text(
      { description: 'Name of the taint, with an optional DNS prefix.', examples: ['dedicated'] },
      qualifiedName,
    ),
    value: text({ description: 'Value of the taint.', examples: ['db'] }, labelValue).optional(),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .meta({ description: 'What happens to Pods that do not tolerate the taint.' }),
  })
  .meta({ description: 'A Kubernetes taint.' });

const host = z
  .strictObject({
    name: text(
      { description: 'Name of the host and of its node: a lowercase DNS name, unique.', examples: ['cp-1'] },
      nodeName,
    ),
    roles: z
      .array(role('A role of the host.'))
      .min(1, 'must name at least one role: control-plane, worker, etcd or load-balancer')
      .meta({
        description:
          'Roles of the host; [control-plane, worker] also runs Pods on the control plane. Without hosts of the role load-balancer or etcd, control planes take over these roles.',
        examples: [['control-plane']],
      }),
    address: text(
      {
        description: 'Node address: an IP, or "v4,v6" for dual-stack. Default: ssh.address.',
        examples: ['10.0.0.11', '10.0.0.11,fd00::11'],
      },
      parsedBy((value) => parsePair(value, parseUnicast)),
    ).optional(),
    connection: z
      .enum(['ssh', 'local'])
      .meta({ description: '`local`: this host is the machine that runs kboot.', default: 'ssh' })
      .optional(),
    ssh: hostSsh.optional(),
    labels: z
      .record(
        text({ description: 'Name of the label.' }, qualifiedName),
        text({ description: 'Value of the label.' }, labelValue),
      )
      .meta({ description: 'Labels of the node.', default: {}, examples: [{ zone: 'a' }] })
      .optional(),
    taints: z.array(taint).meta({ description: 'Taints of the node.', default: [] }).optional(),
    kubelet: merged('KubeletConfiguration fields, merged over spec.kubelet.config.', { maxPods: 250 })
      .extend({ extraArgs: kubeletArgs('Additional flags of this kubelet, over spec.kubelet.extraArgs.') })
      .meta({ description: "Settings of this host's kubelet; they win over spec.kubelet." })
      .optional(),
    containerd: merged("containerd's TOML tables written as YAML, merged over spec.containerd.config.", {
      debug: { level: 'info' },
    })
      .meta({ description: "Settings of this host's containerd; they win over spec.containerd." })
      .optional(),
    upgradeGroup: text(
      {
        description:
          'Workers of one group (a rack, a zone) are upgraded together, before those of the next group.',
        examples: ['rack-a'],
      },
      dnsLabel,
    ).optional(),
    vagrant: vagrantMachine(
      'Vagrant machine of this host; overrides spec.vagrant field by field.',
    ).optional(),
  })
  .meta({ description: 'A machine.' });

const subnets = (description: string, preset: string): z.ZodString =>
  text(
    { description, default: preset, examples: [preset] },
    parsedBy((value) => parsePair(value, parseCidr)),
  );

const networking = z
  .strictObject({
    podSubnet: subnets('Network of the Pods, or "v4,v6" for dual-stack.', defaults.podSubnet).optional(),
    serviceSubnet: subnets(
      'Network of the Services, or "v4,v6" for dual-stack.',
      defaults.serviceSubnet,
    ).optional(),
    dnsDomain: text(
      { description: 'DNS domain of the cluster.', default: defaults.dnsDomain },
      dnsName,
    ).optional(),
    cni: z
      .enum(['flannel', 'none'])
      .meta({
        description:
          'Who provides the Pod network. `none`: you do, with a CNI of your own; kboot installs none, leaves /etc/cni/net.d alone, and waits for Nodes and Pods once an add-on brings it or a Node is Ready.',
        default: defaults.cni,
      })
      .optional(),
    networkPolicy: z
      .boolean()
      .meta({
        description: 'Whether NetworkPolicies are enforced. Default: as spec.security.profile sets it.',
      })
      .optional(),
    flannel: z
      .strictObject({
        backend: z
          .enum(['vxlan', 'host-gw', 'wireguard'])
          .meta({ description: 'How Pod traffic travels between hosts.', default: defaults.flannelBackend })
          .optional(),
        mtu: whole(576, 65535, {
          description:
            'MTU of the network between the hosts; Pods get this minus the overhead of the tunnel. Default: that of the interface.',
          examples: [1450],
        }).optional(),
        interface: interfaceName(
          'Interface between the hosts. Default: the one that has the node address.',
        ).optional(),
      })
      .meta({ description: 'The Pod network, flannel.' })
      .optional(),
  })
  .meta({ description: "The cluster's networks." });

const loadBalancer = z
  .strictObject({
    virtualIP: text(
      { description: "An unused address in the load balancers' network.", examples: ['10.0.0.100'] },
      parsedBy(parseUnicast),
    ),
    port: port('Port at the virtual IP.', defaults.loadBalancerPort).optional(),
    virtualRouterID: whole(1, 255, {
      description: 'VRRP router ID; unique among the clusters on a network.',
      default: defaults.virtualRouterID,
    }).optional(),
    interface: interfaceName(
      "Interface of the virtual IP. Default: the one that has the host's address.",
    ).optional(),
  })
  .meta({
    description:
      "kboot's own keepalived and haproxy in front of the API servers, on the hosts with the role load-balancer, or else on the control plane.",
  });

/** The problem with an entry of spec.artifacts.bundleSigners. */
const signer = (value: string): string | undefined => {
  if (!/^(sk-)?(ssh|ecdsa)-/.test(value)) return filePath(value);
  const [type, base64 = ''] = value.split(/\s+/);
  const isWhole = Buffer.from(base64, 'base64').length === 51 && hostKey(`${type} ${base64}`) === undefined;
  return type === 'ssh-ed25519' && isWhole
    ? undefined
    : 'must be a complete public key of Ed25519, "ssh-ed25519 AAAA…" as in a .pub file of ssh-keygen, or the path of a file';
};

/** The problem with a URL in spec.artifacts.mirror, as a phrase that follows the field's name. */
export const mirror = (value: string): string | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    return `must be an http or https URL such as https://mirror.example/k8s, not "${value}"`;
  }
  return url.username + url.password === '' ? undefined : 'must not contain a user or password';
};

/** The problem with a spec.imageRepository, as a phrase that follows the field's name. */
export const imageRepository = matching(
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
  'must be a registry and path such as registry.example.com/k8s, without scheme, tag or final slash',
);

const spec = z
  .strictObject({
    kubernetesVersion: text(
      {
        description: 'Kubernetes version, with "v" and all three numbers.',
        examples: ['v1.36.2'],
        pattern: '^v\\d+\\.\\d+\\.\\d+$',
      },
      (value) => {
        if (/^v\d+\.\d+\.\d+$/.test(value)) return undefined;
        const fixed = /^\d+\.\d+\.\d+$/.test(value) ? `; did you mean "v${value}"?` : '';
        return `must be a full version such as v1.36.2, not "${value}"${fixed}`;
      },
    ),
    controlPlaneEndpoint: text(
      {
        description:
          'Address or DNS name, and port, at which all clients reach the API. Default: the virtual IP, or port 6443 of the only control plane.',
        examples: ['10.0.0.100:8443', 'api.example.com:6443'],
      },
      parsedBy(parseEndpoint),
    ).optional(),
    networking: networking.optional(),
    loadBalancer: loadBalancer.optional(),
    metallb: metallb.optional(),
    dns,
    ntp,
    etcd: z
      .strictObject({
        dataDir: text(
          {
            description:
              "Folder on the host of every member's data, for example on a disk of its own. kboot creates it with mode 700, and does not move data.",
            default: defaults.etcdDataDir,
            examples: ['/mnt/etcd/data'],
          },
          etcdDataFolder,
        ).optional(),
        extraArgs: extraArgs('etcd').optional(),
        extraEnvs: extraEnvs('etcd').optional(),
        backup: backup.optional(),
        external: externalEtcd.optional(),
      })
      .meta({ description: 'Settings of etcd: on the control plane unless hosts have the role etcd.' })
      .optional(),
    security,
    encryption,
    state,
    pki,
    apiServer: z
      .strictObject({
        certSANs: z
          .array(
            text({ description: 'An IP address or a DNS name.', examples: ['api.example.com'] }, (value) => {
              if (!/^[\d.]+$/.test(value) && !value.includes(':')) return dnsName(value.replace(/^\*\./, ''));
              return parsedBy(parseAddress)(value);
            }),
          )
          .meta({ description: "Additional names in the API server's certificate.", default: [] })
          .optional(),
        authentication: authentication.optional(),
        authorization: authorization.optional(),
        extraArgs: extraArgs('kube-apiserver').optional(),
        extraEnvs: extraEnvs('kube-apiserver').optional(),
        extraVolumes: extraVolumes('kube-apiserver').optional(),
      })
      .meta({ description: 'Settings of kube-apiserver.' })
      .optional(),
    controllerManager: component('kube-controller-manager').optional(),
    scheduler: component('kube-scheduler').optional(),
    kubelet: merged("KubeletConfiguration fields, merged into kboot's own.", { maxPods: 200 })
      .extend({ extraArgs: kubeletArgs('Additional flags of every kubelet.') })
      .meta({ description: 'Settings of every kubelet.' })
      .optional(),
    kubeProxy: merged("KubeProxyConfiguration fields, merged into kboot's own.", { mode: 'nftables' })
      .extend({
        enabled: z
          .boolean()
          .meta({
            description:
              'Whether kboot installs kube-proxy. `false`: something of yours implements Services, such as Cilium with kubeProxyReplacement; kboot waits for CoreDNS and other Pods that need Services once it works, or an add-on brings the Pod network.',
            default: defaults.kubeProxy,
          })
          .optional(),
      })
      .meta({ description: 'Settings of kube-proxy.' })
      .optional(),
    containerd: merged("containerd's TOML tables written as YAML, merged into kboot's own.", {
      debug: { level: 'info' },
    })
      .extend({ registries })
      .meta({ description: 'Settings of containerd.' })
      .optional(),
    runtimes,
    imageRepository: text(
      {
        description:
          'Registry and path that all images of kboot come from. Images of add-ons keep their names: spec.containerd.registries has mirrors for them.',
        default: defaults.imageRepository,
      },
      imageRepository,
    ).optional(),
    artifacts: z
      .strictObject({
        mirror: text(
          {
            description: 'Base URL of a mirror that has the paths of the official hosts below it.',
            examples: ['https://mirror.example/k8s'],
          },
          mirror,
        ).optional(),
        bundleSigners: z
          .array(
            text(
              {
                description:
                  "A public key (`ssh-ed25519 AAAA…`), or a file of allowed signers as `ssh-keygen -Y verify` reads it, or of public keys; a relative path is resolved from the inventory's folder.",
                examples: ['./signers'],
              },
              signer,
            ),
          )
          .meta({
            description:
              'Trusted signers of bundles. A bundle that is not signed by one of them, or was changed after signing, is refused before any host is contacted. Default: bundles need no signature.',
          })
          .optional(),
      })
      .extend(spreadFields)
      .meta({ description: 'Where binaries and archives come from.' })
      .optional(),
    proxy,
    templates: text(
      {
        description:
          "Folder whose files replace kboot's own templates of the same path; a relative path is resolved from the inventory's folder.",
        examples: ['./templates'],
      },
      filePath,
    ).optional(),
    ssh: clusterSsh.optional(),
    files: files.optional(),
    hooks: hooks.optional(),
    addons: addons.optional(),
    vagrant: vagrantMachine(
      'Vagrant machine of every host. Used by the Vagrantfile; kboot only validates it.',
    ).optional(),
    upgrade,
    preflight: z
      .strictObject({
        ignore: z
          .array(
            text(
              { description: 'Name of a check, as preflight prints it.', examples: ['NumCPU'] },
              matching(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a check'),
            ),
          )
          .meta({ description: 'Checks whose failures are ignored.', default: [] })
          .optional(),
      })
      .meta({ description: 'Checks run on the hosts before the first change.' })
      .optional(),
    hostsFrom: hostsFrom.optional(),
    hosts: z.array(host).min(1, 'must list at least one host').meta({
      description: 'Every machine of the cluster, unless spec.hostsFrom says where they are listed.',
    }),
  })
  .meta({ description: 'The desired state of the cluster.' });

export const inventorySchema = z
  .strictObject({
    apiVersion: z.literal('kboot.dev/v1').meta({ description: 'Version of this format.' }),
    kind: z.literal('Cluster').meta({ description: 'Always Cluster.' }),
    metadata: z
      .strictObject({
        name: text(
          {
            description:
              'Name of the cluster, a DNS label; it names the state folder and the kubeconfig context.',
            examples: ['prod'],
          },
          dnsLabel,
        ),
      })
      .meta({ description: 'Metadata of the cluster.' }),
    spec,
  })
  .meta({ title: 'kboot inventory', description: 'A Kubernetes cluster as kboot.dev/v1.' });

/** An inventory that has the right shape; rules across fields are not checked yet. */
export type Inventory = z.infer<typeof inventorySchema>;
export type InventoryHost = Inventory['spec']['hosts'][number];
