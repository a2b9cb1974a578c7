import { stringify } from 'yaml';
import { objectTitle } from '../../kube/types.ts';
import { nodePath } from '../../kube/paths.ts';
import { orList } from '../../model/or-list.ts';
import type { DrainPolicy, Gate, NodeStep, Step } from '../../plan/types.ts';
import type { Payload } from '../../resource/types.ts';

/** One text that belongs to a step. */
export interface Block {
  readonly kind: 'diff' | 'text' | 'script';
  readonly title: string;
  readonly text: string;
}

function unlessBlocks(unless: string | undefined): readonly Block[] {
  return unless === undefined ? [] : [{ kind: 'text', title: 'Unless this succeeds', text: unless }];
}

/** The full details of a step in the plan: its diff or text, then its script; or the condition of a gate. */
export function blocksOf(item: Step | Gate): readonly Block[] {
  switch (item.type) {
    case 'shell':
      return [
        ...(item.diff !== undefined ? [{ kind: 'diff' as const, title: 'Diff', text: item.diff }] : []),
        ...(item.payload === undefined ? [] : payloadBlocks(item.payload, item.diff !== undefined)),
        ...(item.command === undefined
          ? []
          : [{ kind: 'text' as const, title: 'In the inventory', text: item.command }]),
        ...unlessBlocks(item.unless),
        { kind: 'script', title: 'Shell, as root', text: item.script },
      ];
    case 'hook':
      return [
        { kind: 'script', title: 'Shell, on this machine', text: item.command },
        ...unlessBlocks(item.unless),
      ];
    case 'issue':
      return [{ kind: 'text', title: 'By name', text: item.certificates.join('\n') }];
    case 'etcd':
      return [listBlock('Request to etcd', item.operation)];
    case 'apply':
      return [
        ...(item.diff === undefined ? [] : [{ kind: 'diff' as const, title: 'Diff', text: item.diff }]),
        textBlock('Applied to the API', item.object),
        ...(item.data === undefined ? [] : [listBlock('Secret, by name and digest', item.data)]),
      ];
    case 'delete':
      return [textBlock('Deleted through the API', item.object)];
    case 'node':
      return [nodeBlock(item)];
    case 'patch':
      return [textBlock('Merged into the object', item.patch)];
    case 'rewrite':
      return [listBlock('Through the API', { read: item.resource, write: 'every object, unchanged' })];
    case 'accounts':
      return [
        listBlock('Through the API', {
          read: "the API server's own ClusterRoleBindings system:controller:*",
          create: 'the ServiceAccounts that they name in kube-system',
        }),
      ];
    case 'wait':
      return [
        'objects' in item.condition
          ? listBlock('Until', {
              ...item.condition,
              objects: item.condition.objects.map(objectTitle),
              timeoutSeconds: item.timeoutSeconds,
            })
          : listBlock('Until', { ...item.condition, timeoutSeconds: item.timeoutSeconds }),
      ];
  }
}

function nodeBlock({ node, operation, timeoutSeconds }: NodeStep): Block {
  const title = 'Request to the API';
  switch (operation.kind) {
    case 'mark': {
      const { annotations, labels, taints } = operation;
      return textBlock('Merged into the Node', { annotations, labels, taints });
    }
    case 'drain':
      return listBlock(title, {
        cordon: node,
        evict: evicted(operation.policy),
      });
    case 'cordon':
    case 'uncordon':
      return listBlock(title, { [operation.kind]: node });
    case 'restart-flannel':
      return listBlock(title, {
        delete: `flannel's Pod on ${node}`,
        wait: `until a new one is Ready, ${timeoutSeconds} s at most`,
      });
    case 'delete':
      return listBlock(title, { delete: nodePath(node) });
  }
}

function evicted({ timeoutSeconds, deleteEmptyDirData, force }: DrainPolicy): string {
  const kept = [
    ...(deleteEmptyDirData ? [] : ['with an emptyDir']),
    ...(force ? [] : ['without a controller']),
  ];
  const which =
    kept.length === 0
      ? 'every Pod that a drain evicts'
      : `every Pod that a drain evicts; one ${orList(kept)} fails it`;
  return `${which}, ${timeoutSeconds} s at most`;
}

function payloadBlocks({ content }: Payload, shown: boolean): Block[] {
  switch (content.kind) {
    case 'text':
      return shown ? [] : [{ kind: 'text', title: 'Content', text: content.text }];
    case 'secret':
      return [
        listBlock('Secret, by name and digest', {
          name: content.name,
          sha256: content.digest ?? 'issued when the plan is applied',
        }),
      ];
    case 'snapshot':
      return [
        listBlock('Snapshot of etcd', {
          file: content.file ?? 'the one that this plan takes',
          sha256: content.digest ?? 'not taken yet',
        }),
      ];
    case 'artifact': {
      const { title, sha256, source } = content.artifact;
      return [
        listBlock('Release file', {
          ...{ title, sha256 },
          ...(source.kind === 'bundle' ? source : { kind: source.kind, url: source.url }),
        }),
      ];
    }
  }
}

function textBlock(title: string, value: unknown): Block {
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  return { kind: 'text', title, text };
}

/** A flat list of terms, one per line. */
function listBlock(
  title: string,
  terms: Readonly<Record<string, string | number | readonly string[]>>,
): Block {
  const lines = Object.entries(terms).map(([term, value]) => `${term}: ${[value].flat().join(', ')}`);
  return { kind: 'text', title, text: lines.join('\n') };
}
