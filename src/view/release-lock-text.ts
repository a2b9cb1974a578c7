import pc from 'picocolors';
import type { LockChange } from '../catalog/lock-changes.ts';
import { plural } from '../model/plural.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

/** What `kboot lock` found, and did. */
interface Shown {
  readonly release: { readonly kubernetesVersion: string };
  readonly against?: { readonly kubernetesVersion: string; readonly source: 'lock' | 'catalog' };
  readonly changes: readonly LockChange[];
  readonly notes: readonly string[];
  readonly file: string;
  readonly result: 'written' | 'differs' | 'same';
}

/** The differences as a list, old → new, then what happened to the file. */
export const releaseLockText = view(composeReleaseLockText);

function composeReleaseLockText({ release, against, changes, notes, file, result }: Shown): string {
  const from =
    against === undefined
      ? ''
      : `, compared with ${against.kubernetesVersion} in ${against.source === 'lock' ? file : "kboot's catalog"}`;
  const done = {
    written: `wrote ${file}: keep it in version control`,
    differs: `${file} differs; \`kboot lock\` without --check writes it`,
    same: `${file} is up to date`,
  }[result];
  return [
    `${pc.bold(`Kubernetes ${release.kubernetesVersion}`)}${from}: ${changes.length === 0 ? 'nothing differs' : plural(changes.length, 'difference')}`,
    ...(changes.length === 0 ? [] : [table(changes.map(row))]),
    ...notes.map((each) => pc.yellow(`note ${each}`)),
    done,
  ].join('\n');
}

function row({ kind, name, was, now }: LockChange): readonly string[] {
  const [old, fresh] = [short(was), short(now)];
  return [
    `  ${kind}`,
    name,
    old === undefined ? `+ ${fresh ?? ''}` : fresh === undefined ? `- ${old}` : `${old} → ${fresh}`,
  ];
}

/** Checksums are recognized by their first digits. */
function short(value: string | undefined): string | undefined {
  return value?.replace(/^((?:sha256:)?[0-9a-f]{12})[0-9a-f]{52}$/, '$1');
}
