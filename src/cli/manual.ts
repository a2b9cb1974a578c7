import type { Argv } from 'yargs';

/** What `--help` of a command says besides its arguments and flags. */
export interface Manual {
  /** Behind `kboot`: `up INVENTORY [flags]`. */
  readonly synopsis: string;
  /** What it is for in a sentence, then what it contacts and what it changes. */
  readonly text: string;
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Statuses that it ends with, 3 (bad command line or inventory) aside. */
  readonly exit: string;
  readonly seeAlso: readonly string[];
}

/** Headings of `--help`, in their order; the first two are what main.ts has yargs call them. */
export const argumentsGroup = 'Arguments:';
export const flagsGroup = 'Flags:';
export const everywhere = 'Everywhere:';

/** Sets the page of a command; its own flags stand above those that every command takes. */
export function manual<T>(yargs: Argv<T>, page: Manual): Argv<T> {
  const { synopsis, text, examples, exit, seeAlso } = page;
  const titled = inOrder(yargs.usage(`$0 ${synopsis}\n\n${text}`)).group(['help'], everywhere);
  return examples
    .reduce((each, [line, does]) => each.example(line, does), titled)
    .hide('version')
    .epilogue(`Exit status: ${exit}\nSee also: ${seeAlso.map((name) => `kboot ${name}`).join(', ')}`);
}

/** Arguments stand above flags, and both above those that every command takes. */
export function inOrder<T>(yargs: Argv<T>): Argv<T> {
  return yargs.group([], argumentsGroup).group([], flagsGroup);
}
