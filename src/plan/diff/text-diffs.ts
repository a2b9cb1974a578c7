import { createTwoFilesPatch } from 'diff';
import type { HostFileText } from '../../observe/texts.ts';
import type { ShellStep, Step } from '../types.ts';
import { onlyKnown, redact } from './redact.ts';

/** Path of the public text file that a step overwrites, if any: a diff can be shown for it. */
export function diffablePath(step: Step): string | undefined {
  if (step.type !== 'shell' || step.verb !== 'update' || step.payload?.content.kind !== 'text')
    return undefined;
  return step.expects === undefined || step.expects.digest === 'absent' ? undefined : step.expects.path;
}

/** The step with a unified diff if it changes a text whose current content is in `texts`, by path. */
export function withDiff<S extends Step>(step: S, texts: ReadonlyMap<string, HostFileText>): S | ShellStep {
  const path = diffablePath(step);
  const before = path === undefined ? undefined : texts.get(path);
  if (step.type !== 'shell' || path === undefined || before === undefined) return step;
  const content = step.payload?.content;
  if (content?.kind !== 'text') return step;
  const young = redact(content.text);
  const old = before.isShown ? redact(before.text) : onlyKnown(before.text, young);
  const patch = createTwoFilesPatch(path, path, old, young, undefined, undefined, { context: 2 });
  return { ...step, diff: patch.slice(patch.indexOf('--- ')).trimEnd() };
}
