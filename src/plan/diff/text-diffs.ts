import { createTwoFilesPatch } from 'diff';
import { redact } from './redact.ts';
import type { HostStep } from '../types.ts';

/** Path of the public text file that a step overwrites, if it does: what a diff can be shown for. */
export function diffablePath(step: HostStep): string | undefined {
  const text = step.payload?.content.kind === 'text';
  const path = /^kb_basis (\S+) [0-9a-f]{64} /.exec(step.script)?.[1];
  return text && step.verb === 'update' ? path : undefined;
}

/** Puts a unified diff into every step that changes a text whose present form is known. */
export function attachDiffs(steps: readonly HostStep[], texts: ReadonlyMap<string, string>): HostStep[] {
  return steps.map((step) => {
    const path = diffablePath(step);
    const before = path === undefined ? undefined : texts.get(path);
    const content = step.payload?.content;
    if (path === undefined || before === undefined || content?.kind !== 'text') return step;
    const [old, young] = [redact(before), redact(content.text)];
    const patch = createTwoFilesPatch(path, path, old, young, undefined, undefined, { context: 2 });
    return { ...step, diff: patch.slice(patch.indexOf('--- ')).trimEnd() };
  });
}
