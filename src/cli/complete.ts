import { errorCodes } from '../model/error.ts';

/** Commands whose first argument is a file, and commands whose second argument is. */
const fileFirst = [
  'adopt',
  'validate',
  'render',
  'plan',
  'drift',
  'up',
  'status',
  'certs',
  'verify',
  'kubeconfig',
  'reset',
  'unlock',
  'lock',
  'init',
];
const fileSecond = ['bundle', 'etcd', 'plan', 'state'];
const fileFlags = [
  '--bundle',
  '--inventory',
  '--state',
  '--out',
  '--html',
  '--plan',
  '--from-ansible',
  '--from-k0sctl',
  '--from-kubeadm',
  '--from-terraform',
  '--identity-file',
  '--identity',
  '--sign-key',
  '--signers',
];
/** Flags without a value; the word after any other flag is its value. */
const switches =
  /^--(no-.*|verbose|color|yes|stats|offline|merge|detailed-exitcode|look|check|force|from-survivor|allow-unofficial|with-secrets|allow-hooks|help|version)$|^-[yh]$/;

/**
 * The candidates for a word: these words, files (the shell's own completion), hosts of an inventory, or the default of
 * yargs: commands, flags, choices.
 */
export type Completion =
  readonly string[] | 'files' | 'usual' | { readonly hostsOf: string; readonly except: readonly string[] };

/** How to complete the last of `words`; they start after the program name. */
export function completionOf(words: readonly string[]): Completion {
  const [verb = '', ...rest] = words;
  const current = rest.at(-1);
  if (current === undefined) return 'usual';
  const before = rest.slice(0, -1);
  const given = argumentsOf(before);
  const flag = before.findLast((word) => word.startsWith('-'));
  const behind = flag === undefined ? [] : before.slice(before.lastIndexOf(flag) + 1);
  if ((flag === '--limit' || flag === '--lost') && !current.startsWith('-')) {
    const inventory = given[verb === 'etcd' ? 1 : 0];
    return inventory === undefined ? [] : { hostsOf: inventory, except: behind };
  }
  if (flag !== undefined && fileFlags.includes(flag) && behind.length === 0) return 'files';
  if (current.startsWith('-') || (flag !== undefined && !switches.test(flag) && behind.length === 0))
    return 'usual';
  if (verb === 'explain' && given.length === 0) return Object.keys(errorCodes);
  // An empty word is more likely an inventory than this one subcommand.
  if (verb === 'plan' && given.length === 0 && current !== '' && 'show'.startsWith(current)) return ['show'];
  if (fileFirst.includes(verb) && given.length === 0) return 'files';
  if (verb === 'etcd' && given[0] === 'restore' && given.length === 2) return 'files';
  if (verb === 'state' && given.length === 2) return 'files';
  return fileSecond.includes(verb) && given.length === 1 && (verb !== 'plan' || given[0] === 'show')
    ? 'files'
    : 'usual';
}

/** Words that are neither flags nor their values. `--limit` takes all words that follow. */
function argumentsOf(words: readonly string[]): readonly string[] {
  let open: string | undefined;
  return words.filter((word) => {
    if (word.startsWith('-')) {
      open = switches.test(word) || word.includes('=') ? undefined : word;
      return false;
    }
    const isValue = open !== undefined;
    if (open !== '--limit' && open !== '--ignore-preflight' && open !== '--lost') open = undefined;
    return !isValue;
  });
}
