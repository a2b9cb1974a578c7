import * as z from 'zod';
import { parseEtcdEndpoint } from './endpoint.ts';
import { absoluteHostPath, filePath, parsedBy, text } from './fields.ts';

const file = (description: string, example: string): z.ZodString =>
  text(
    {
      description: `${description} \`~\` is the home directory, a relative path is resolved from the inventory's folder.`,
      examples: [example],
    },
    filePath,
  );

/** `spec.etcd.external`, by the names of kubeadm's ClusterConfiguration.etcd.external. */
export const externalEtcd = z
  .strictObject({
    endpoints: z
      .array(
        text(
          { description: 'Client URL of a member.', examples: ['https://10.0.0.31:2379'] },
          parsedBy(parseEtcdEndpoint),
        ),
      )
      .min(1, 'must have at least one endpoint')
      .meta({ description: 'Where the API servers reach etcd.' }),
    caFile: file(
      "PEM file of the CA that signed etcd's certificates and the client certificate.",
      '~/etcd/ca.crt',
    ),
    certFile: file(
      'PEM file of the client certificate that every API server presents to etcd.',
      '~/etcd/client.crt',
    ),
    keyFile: file(
      'PEM file of its private key, without a passphrase; copied to control-plane hosts only.',
      '~/etcd/client.key',
    ),
  })
  .meta({
    description:
      "An etcd (3.5.24 or later) that someone else runs: kboot uses it, but never changes or removes it. No host may have the role etcd then. The cluster's data is under /registry unless spec.apiServer.extraArgs sets a different etcd-prefix.",
  });

/** Folders of the system, of Kubernetes and of kboot: etcd's data folder may neither be inside one of them nor contain one. */
const taken = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/proc', '/run', '/sbin', '/sys', '/tmp', '/usr'],
  ...['/var/cache', '/var/lib/cni', '/var/lib/containerd', '/var/lib/kboot', '/var/lib/kubelet', '/var/log'],
  ...['/var/run', '/var/spool', '/var/tmp', '/opt/cni'],
];
/** Folders that others have their own below. */
const shared = ['/home', '/media', '/mnt', '/opt', '/root', '/srv', '/var', '/var/lib'];

/** The problem with spec.etcd.dataDir, as a phrase that follows the field's name. */
export function etcdDataFolder(value: string): string | undefined {
  const problem = absoluteHostPath(value);
  if (problem !== undefined) return problem;
  if (!/^[\w./-]+$/.test(value))
    return `must consist of letters, digits, ".", "_", "-" and "/", not "${value}"`;
  const owner = taken.find((path) => `${value}/`.startsWith(`${path}/`) || path.startsWith(`${value}/`));
  if (shared.includes(value) || owner !== undefined)
    return `must be a folder for etcd alone, such as /var/lib/etcd or /mnt/etcd/data, not ${value}${owner === undefined || owner === value ? '' : `, which ${owner.startsWith(value) ? 'contains' : 'is in'} ${owner}`}`;
  return undefined;
}
