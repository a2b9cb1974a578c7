import { plural } from '../model/plural.ts';
import type { CopyComparison } from '../model/state-settings.ts';
import { view } from './printable.ts';

interface Place {
  readonly dir: string;
  readonly target: string;
}

/** `prod.age written: generation 4, 38 files` */
export const pushedText = view(composePushedText);

function composePushedText(
  target: string,
  {
    written,
    generation,
    files,
  }: { readonly written: boolean; readonly generation: number; readonly files: number },
): string {
  return written
    ? `${target} written: generation ${generation}, ${plural(files, 'file')} of the state folder, encrypted`
    : `${target} is up to date (generation ${generation}); it was not touched`;
}

/** What a pull did, and who had pushed. */
export const pulledText = view(composePulledText);

function composePulledText(
  { dir, target }: Place,
  pulled: {
    readonly written: boolean;
    readonly generation: number;
    readonly files: number;
    readonly about?: { readonly by: string; readonly at: string };
    readonly kept?: string;
  },
  inventory: string,
): string {
  const { written, generation, files, about, kept } = pulled;
  const by = about === undefined ? '' : `, pushed by ${about.by} at ${about.at.slice(0, 19)}Z`;
  return [
    written
      ? `${dir} written: ${plural(files, 'file')} of ${target} (generation ${generation}${by})`
      : `${dir} is up to date with ${target} (generation ${generation}${by}); nothing was written`,
    ...(kept === undefined
      ? []
      : [`  The files that were overwritten are in ${dir}/${kept}; remove it once you do not need it.`]),
    ...(written ? [`Next: kboot plan ${inventory}`] : []),
  ].join('\n');
}

const comparisons: Readonly<Record<CopyComparison, (place: Place) => string>> = {
  absent: ({ target }) => `there is no copy ${target} yet: \`kboot state push INVENTORY\` writes it`,
  same: ({ dir, target }) => `${target} is the copy of ${dir}`,
  'folder-changed': ({ dir, target }) =>
    `${dir} has changed since it was last pushed to ${target}: \`kboot state push INVENTORY\``,
  'copy-changed': ({ dir, target }) =>
    `somebody has pushed to ${target} since ${dir} was last pulled: \`kboot state pull INVENTORY\``,
  'both-changed': ({ dir, target }) =>
    `both ${dir} and ${target} have changed since they were the same: \`kboot state pull INVENTORY\` says in what`,
  unrelated: ({ dir, target }) =>
    `${dir} was never pushed to ${target}, which somebody else wrote: \`kboot state pull INVENTORY\` compares them`,
  'recipients-changed': ({ target }) =>
    `${target} is not encrypted for the present spec.state.recipients: \`kboot state push INVENTORY\``,
};

/** Which of both has changed, and what to do. */
export const comparisonText = view(composeComparisonText);

function composeComparisonText(place: Place, comparison: CopyComparison): string {
  return comparisons[comparison](place);
}

/** `38 private keys in DIR, all encrypted` */
export const keysText = view(composeKeysText);

function composeKeysText({
  dir,
  all,
  encrypted,
  settled,
}: {
  readonly dir: string;
  readonly all: number;
  readonly encrypted: number;
  readonly settled: boolean;
}): string {
  const how =
    encrypted === 0 ? 'not encrypted' : encrypted === all ? 'encrypted' : `${encrypted} of them encrypted`;
  return `${plural(all, 'private key')} in ${dir}, ${how}${settled ? '' : ', which is not as spec.state says: `kboot state rekey INVENTORY`'}`;
}
