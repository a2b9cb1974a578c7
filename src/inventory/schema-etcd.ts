import * as z from 'zod';
import { parseEtcdEndpoint } from './endpoint.ts';
import { filePath, parsedBy, text } from './fields.ts';
import { hostFolderProblem } from './host-folder.ts';

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

/** The problem with spec.etcd.dataDir, as a phrase that follows the field's name. */
export const etcdDataFolder = (value: string): string | undefined =>
  hostFolderProblem(value, 'for etcd', '/var/lib/etcd or /mnt/etcd/data');
