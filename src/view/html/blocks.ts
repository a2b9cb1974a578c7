import { stringify } from 'yaml';
import type { Step } from '../../plan/types.ts';
import type { Payload } from '../../resource/types.ts';

/** One text that belongs to a step. */
export interface Block {
  readonly kind: 'diff' | 'text' | 'script';
  readonly title: string;
  readonly text: string;
}

/** What a step does, in full, as far as the plan says: what differs or what it writes, then what runs. */
export function blocksOf(step: Step): readonly Block[] {
  switch (step.type) {
    case 'host':
      return [
        ...(step.diff !== undefined ? [{ kind: 'diff' as const, title: 'Diff', text: step.diff }] : []),
        ...(step.payload === undefined ? [] : payloadBlocks(step.payload, step.diff !== undefined)),
        ...(step.command === undefined
          ? []
          : [{ kind: 'text' as const, title: 'As the inventory has it', text: step.command }]),
        { kind: 'script', title: 'Shell, as root', text: step.script },
      ];
    case 'operator':
      return [{ kind: 'script', title: 'Shell, on this machine', text: step.command }];
    case 'etcd':
      return [listBlock('Asked of etcd', step.operation)];
    case 'object':
      return [textBlock('Applied to the API', step.object)];
    case 'node': {
      const { annotations, labels, taints } = step;
      return [textBlock('Merged into the Node', { annotations, labels, taints })];
    }
    case 'wait':
      return [listBlock('Until', { ...step.condition, timeoutSeconds: step.timeoutSeconds })];
    case 'remove-object':
      return [textBlock('Deleted through the API', step.object)];
    case 'remove-node':
      return [
        listBlock('Asked of the API', {
          ...(step.drain && {
            cordon: step.node,
            evict: `every Pod that a drain evicts, ${step.drain.timeoutSeconds} s at most`,
          }),
          delete: `/api/v1/nodes/${step.node}`,
        }),
      ];
  }
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
    case 'artifact': {
      const { title, sha256, source } = content.artifact;
      return [listBlock('Release file', { title, sha256, ...source })];
    }
  }
}

function textBlock(title: string, value: unknown): Block {
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
  return { kind: 'text', title, text };
}

/** A flat list of terms, one a line. */
function listBlock(
  title: string,
  terms: Readonly<Record<string, string | number | readonly string[]>>,
): Block {
  const lines = Object.entries(terms).map(([term, value]) => `${term}: ${[value].flat().join(', ')}`);
  return { kind: 'text', title, text: lines.join('\n') };
}
