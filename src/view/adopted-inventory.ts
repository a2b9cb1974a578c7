import type { InventoryField } from '../inventory/field.ts';
import type { Json } from '../model/cluster.ts';
import { asComment, commentedFields } from './commented-fields.ts';
import type { NewSsh } from './new-inventory.ts';

const header = [
  "A Kubernetes cluster that kubeadm made, taken over by `kboot adopt`. Fields that are not set have kboot's defaults,",
  'which is what the cluster has. `kboot schema > inventory.schema.json` lets an editor check this file.',
];

/** The inventory of a cluster that was taken over, with a comment where a field is from. Does not validate it. */
export function adoptedInventoryText(fields: readonly InventoryField[], ssh: NewSsh): string {
  return commentedFields(
    [
      { path: ['apiVersion'], value: 'kboot.dev/v1' },
      { path: ['kind'], value: 'Cluster' },
      ...fields.filter(({ path }) => path[1] !== 'hosts'),
      { path: ['spec', 'ssh'], value: sshOf(ssh) },
      ...fields.filter(({ path }) => path[1] === 'hosts'),
    ],
    header,
  );
}

/** The end of the file: what kboot replaces with its own. */
export function lostText(lost: readonly string[]): string {
  if (lost.length === 0) return '';
  return `\n# \`kboot up\` changes this, which no field of an inventory can state:\n${lost.map((line) => `#   ${asComment(line)}\n`).join('')}`;
}

function sshOf({ user, port, identityFile, bastion }: NewSsh): Json {
  return {
    user,
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { identityFile }),
    ...(bastion !== undefined && { bastion: { ...bastion } as Json }),
  };
}
