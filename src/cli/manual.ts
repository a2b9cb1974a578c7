import type { Argv } from 'yargs';

/** The text of a command's `--help`, apart from its arguments and flags. */
export interface Manual {
  /** Without `kboot`: `up INVENTORY [flags]`. */
  readonly synopsis: string;
  /** Its purpose in a sentence, then which hosts it contacts and what it changes. */
  readonly text: string;
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Exit statuses, except 3 for a bad command line or inventory. */
  readonly exit: string;
  readonly seeAlso: readonly string[];
}

/** Headings of `--help`, in order; main.ts configures yargs to use the first two. */
export const argumentsGroup = 'Arguments:';
export const flagsGroup = 'Flags:';
export const everywhere = 'Everywhere:';

/** Sets the `--help` page of a command; its own flags come before the flags that every command takes. */
export function manual<T>(yargs: Argv<T>, page: Manual): Argv<T> {
  const { synopsis, text, examples, exit, seeAlso } = page;
  const titled = inOrder(yargs.usage(`$0 ${synopsis}\n\n${text}`)).group(['help'], everywhere);
  return examples
    .reduce((each, [line, does]) => each.example(line, does), titled)
    .hide('version')
    .epilogue(`Exit status: ${exit}\nSee also: ${seeAlso.map((name) => `kboot ${name}`).join(', ')}`);
}

/** Arguments come before flags, and both before the flags that every command takes. */
export function inOrder<T>(yargs: Argv<T>): Argv<T> {
  return yargs.group([], argumentsGroup).group([], flagsGroup);
}
