import { nearest } from '../inventory/nearest.ts';
import { KbootError } from '../model/error.ts';
import { sentences, type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** A command line that yargs rejected, and the available commands and flags. */
export interface CommandLine {
  /** Without `kboot`. */
  readonly words: readonly string[];
  /** In yargs syntax: `up <inventory>`. */
  readonly commands: readonly string[];
  /** Flags of the command, without their dashes. */
  readonly flags: readonly string[];
  /** The flags that take all words that follow. */
  readonly lists: readonly string[];
}

/** Commands of other tools, and their names in kboot. */
const otherCommands: Readonly<Record<string, string>> = {
  ...{ apply: 'up', create: 'up', deploy: 'up', install: 'up', join: 'up', upgrade: 'up' },
  ...{ delete: 'reset', destroy: 'reset', down: 'reset', remove: 'reset', uninstall: 'reset' },
  ...{ check: 'validate', lint: 'validate', diff: 'plan', config: 'kubeconfig' },
};
const otherFlags: Readonly<Record<string, string>> = {
  'dry-run': '`kboot plan INVENTORY` is the dry run',
  force: '`--ignore-preflight NAME` ignores a check',
  ...Object.fromEntries(
    ['f', 'i', 'c', 'file', 'config', 'inventory'].map((flag) => [
      flag,
      'the inventory is an argument, not a flag',
    ]),
  ),
};

/** The error for a message of yargs: which word is wrong, what was likely meant, where to look. */
export function usageError(said: string, line: CommandLine): KbootError {
  const verb = line.commands.map(nameOf).find((name) => name === line.words[0]);
  const { message, remedy } = explain(said, line, verb);
  const help = verb === undefined ? remedies.listCommands : remedies.showUsage({ verb });
  return new KbootError('E-USAGE', message, { remedy: sentences(remedy, help) });
}

interface Told {
  readonly message: string;
  readonly remedy?: Text;
}

function explain(said: string, line: CommandLine, verb: string | undefined): Told {
  const valueless = /^Not enough arguments following: (\S+)/.exec(said)?.[1];
  if (valueless !== undefined)
    return {
      message: `${dashed(valueless)} requires a value`,
      remedy: remedies.emptyVariable,
    };
  if (said.startsWith('Not enough non-option arguments')) return missing(said, line, verb ?? '');
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(said);
  if (choice !== null) return { message: wrongChoice(choice, line) };
  const unknown = /^Unknown (?:argument|command)s?: (.*)/s.exec(said)?.[1]?.split(', ');
  if (unknown === undefined) return { message: said };
  if (verb === undefined) return noCommand(line);
  const written = unknown.filter((name) => isFlag(name, line) || line.words.includes(name));
  const tellings = (written.length > 0 ? written : unknown).map((name) => noFlag(name, line, verb));
  return { message: tellings.join('; ') };
}

function missing(said: string, line: CommandLine, verb: string): Told {
  const needed = [...(line.commands.find((each) => nameOf(each) === verb) ?? '').matchAll(/<(\w+)>/g)].map(
    ([, name = '']) => name.toUpperCase(),
  );
  const got = Number(/got (\d+)/.exec(said)?.[1] ?? 0);
  const lacking = needed.slice(got);
  const message = `${lacking.join(' and ')} ${lacking.length > 1 ? 'are' : 'is'} missing: kboot ${[verb, ...needed].join(' ')}`;
  const list = line.lists.find((flag) => isFlag(flag, line));
  if (list !== undefined)
    return { message, remedy: remedies.takesAllWords({ list, needed: needed.join(' ') }) };
  const other = Object.keys(otherFlags).find((flag) => isFlag(flag, line));
  return other === undefined ? { message } : { message: noFlag(other, line, verb) };
}

function wrongChoice([, name = '', given = '', choices = '']: RegExpExecArray, line: CommandLine): string {
  const known = choices.split(', ').map((word) => word.replaceAll('"', ''));
  const isArgument = line.commands.some(
    (each) => each.startsWith(`${line.words[0] ?? ''} `) && each.includes(`<${name}>`),
  );
  const what = isArgument ? name.toUpperCase() : dashed(name);
  const close = nearest(given.replaceAll('"', ''), known);
  const hint = close === undefined ? '' : `; did you mean "${close}"?`;
  return `${what} must be one of ${known.join(', ')}, not ${given}${hint}`;
}

function noCommand({ words, commands }: CommandLine): Told {
  const [word = ''] = words.filter((each) => !each.startsWith('-'));
  if (/\.ya?ml$/.test(word))
    return {
      message: `a command is missing before ${word}`,
      remedy: remedies.planOrUp({ word }),
    };
  const meant = otherCommands[word] ?? nearest(word, commands.map(nameOf));
  return {
    message: `unknown command ${word}${meant === undefined ? '' : `; did you mean \`kboot ${meant}\`?`}`,
  };
}

function noFlag(name: string, line: CommandLine, verb: string): string {
  if (!isFlag(name, line)) return `unexpected argument ${name} for \`kboot ${verb}\``;
  const other = otherFlags[name];
  const close = other === undefined ? nearest(name, line.flags) : undefined;
  const hint = other ?? (close === undefined ? undefined : `did you mean ${dashed(close)}?`);
  return `unknown flag ${dashed(name)} for \`kboot ${verb}\`${hint === undefined ? '' : `; ${hint}`}`;
}

const nameOf = (command: string): string => command.split(' ')[0] ?? command;

const dashed = (flag: string): string => (flag.length === 1 ? `-${flag}` : `--${flag}`);

function isFlag(name: string, { words }: CommandLine): boolean {
  return words.some((word) => word.startsWith('-') && word.replace(/^--?/, '').split('=')[0] === name);
}

/**
 * Rejects values that yargs accepts and no command can use: a repeated single-value flag, an empty value, a
 * concurrency below 1. `lists` are the flags that may be repeated.
 */
export function refuseOddValues(given: Readonly<Record<string, unknown>>, lists: readonly string[]): void {
  for (const [flag, value] of Object.entries(given)) {
    if (flag === '_' || flag === '$0' || /[A-Z]/.test(flag)) continue;
    if (Array.isArray(value) && !lists.includes(flag))
      throw odd(`${dashed(flag)} is given ${value.length} times`, remedies.giveOnce);
    const empty = Array.isArray(value)
      ? value.includes('') && flag !== 'bundle'
      : value === '' && flag !== 'bundle';
    if (empty) throw odd(`${dashed(flag)} is empty`, remedies.emptyVariable);
  }
  const { concurrency } = given;
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && Number(concurrency) > 0))
    throw odd('--concurrency must be an integer of at least 1', remedies.whatConcurrency);
}

const odd = (message: string, remedy: Text): KbootError => new KbootError('E-USAGE', message, { remedy });
