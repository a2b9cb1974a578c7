import { Document, isMap, isScalar, isSeq } from 'yaml';
import type { AdoptedField } from '../desire/adopt/types.ts';
import type { Json } from '../model/cluster.ts';
import type { NewSsh } from './new-inventory.ts';

const header = ` A Kubernetes cluster that kubeadm made, taken over by \`kboot adopt\`. Fields that are not set have kboot's defaults,
 which is what the cluster has. \`kboot schema > inventory.schema.json\` lets an editor check this file.`;

/** The inventory of a cluster that was taken over, with a comment where a field is from. Does not validate it. */
export function adoptedInventoryText(fields: readonly AdoptedField[], ssh: NewSsh): string {
  const whole: AdoptedField[] = [
    { path: ['apiVersion'], value: 'kboot.dev/v1' },
    { path: ['kind'], value: 'Cluster' },
    ...fields.filter(({ path }) => path[1] !== 'hosts'),
    { path: ['spec', 'ssh'], value: sshOf(ssh) },
    ...fields.filter(({ path }) => path[1] === 'hosts'),
  ];
  const document = new Document({});
  document.commentBefore = header;
  for (const { path, value } of whole) {
    if (path[1] === 'hosts' && !document.hasIn(['spec', 'hosts']))
      document.setIn(['spec', 'hosts'], document.createNode([]));
    for (let length = 1; length < path.length; length++)
      if (!document.hasIn(path.slice(0, length)))
        document.setIn(path.slice(0, length), document.createNode({}));
    document.setIn(path, document.createNode(literal(value)));
  }
  for (const { path, why } of whole) if (why !== undefined) remark(document, path, why);
  return document.toString({ lineWidth: 0 });
}

/** The end of the file: what kboot replaces with its own. */
export function lostText(lost: readonly string[]): string {
  if (lost.length === 0) return '';
  return `\n# \`kboot up\` changes this, which no field of an inventory can state:\n${lost.map((line) => `#   ${printable(line)}\n`).join('')}`;
}

/** Puts a comment above the key of a field. */
function remark(document: Document, path: AdoptedField['path'], why: string): void {
  const parent = document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1));
    if (pair === undefined) return;
    const key = document.createNode(path.at(-1));
    key.commentBefore = ` ${printable(why)}`;
    pair.key = key;
  } else if (isSeq(parent)) parent.commentBefore = ` ${printable(why)}`;
}

/** Text from a host must not end the comment. */
function printable(text: string): string {
  return text.replace(/[^ -~]+/g, '?');
}

/** `$` starts a substitution in inventories. */
function literal(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return (value as readonly Json[]).map(literal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, literal(child)]));
}

function sshOf({ user, port, identityFile, bastion }: NewSsh): Json {
  return {
    user,
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { identityFile }),
    ...(bastion !== undefined && { bastion: { ...bastion } as Json }),
  };
}
