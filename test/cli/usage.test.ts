import { describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { usageError, type CommandLine } from '../../src/cli/usage.ts';
import { kboot } from './run.ts';

const line = (words: string): CommandLine => ({
  words: words === '' ? [] : words.split(' '),
  commands: ['plan <inventory>', 'up <inventory>', 'reset <inventory>', 'bundle <action> <directory>'],
  flags: ['limit', 'offline', 'output', 'until'],
  lists: ['limit'],
});

/** Message and remedy for a command line and yargs' message about it. */
function told(words: string, said: string): string {
  const { message, context } = usageError(said, line(words));
  return `${message} | ${context.remedy ?? ''}`;
}

describe('a command line that is not understood', () => {
  it.each([
    ['a typo in a command', 'pln a.yaml', 'Unknown arguments: pln, a.yaml', 'did you mean `kboot plan`?'],
    [
      "another tool's command",
      'apply a.yaml',
      'Unknown arguments: apply, a.yaml',
      'did you mean `kboot up`?',
    ],
    ['no command', 'a.yaml', 'Unknown argument: a.yaml', '`kboot plan a.yaml` shows the changes'],
    [
      'a typo in a flag',
      'plan a.yaml --ofline',
      'Unknown argument: ofline',
      'unknown flag --ofline for `kboot plan`; did you mean --offline?',
    ],
    [
      'a flag of other tools, which yargs reports twice',
      'up a.yaml --dry-run',
      'Unknown arguments: dry-run, dryRun',
      'unknown flag --dry-run for `kboot up`; `kboot plan INVENTORY` is the dry run | ',
    ],
    [
      'one argument too many',
      'up a.yaml b.yaml',
      'Unknown argument: b.yaml',
      'unexpected argument b.yaml for `kboot up`',
    ],
    [
      'a flag without its value',
      'up a.yaml --until',
      'Not enough arguments following: until',
      '--until requires a value',
    ],
    [
      'an unknown value',
      'up a.yaml --until runtimes',
      'Invalid values:\n  Argument: until, Given: "runtimes", Choices: "host", "runtime"',
      '--until must be one of host, runtime, not "runtimes"; did you mean "runtime"? | ',
    ],
    [
      'an unknown argument',
      'bundle frob DIR',
      'Invalid values:\n  Argument: action, Given: "frob", Choices: "index", "verify"',
      'ACTION must be one of index, verify, not "frob" | ',
    ],
    [
      'no inventory',
      'up',
      'Not enough non-option arguments: got 0, need at least 1',
      'INVENTORY is missing: kboot up INVENTORY | `kboot up --help`',
    ],
    [
      'an inventory that a flag swallowed',
      'up --limit w-1 a.yaml',
      'Not enough non-option arguments: got 0, need at least 1',
      '--limit takes all words that follow: put it after INVENTORY.',
    ],
    [
      'an inventory after a flag',
      'up -f a.yaml',
      'Not enough non-option arguments: got 0, need at least 1',
      'unknown flag -f for `kboot up`; the inventory is an argument, not a flag',
    ],
  ])('%s', (_title, words, said, expected) => {
    expect(told(words, said)).toContain(expected);
  });
});

describe('rejected, although yargs would accept it', () => {
  it.each([
    ['--limit without a host, which would mean all hosts', ['--limit', '--yes'], 'following: limit'],
    ['an empty host', ['--limit', '', '--yes'], '--limit is empty'],
    ['an empty state folder', ['--state', ''], '--state is empty'],
    ['a flag twice', ['--state', 'a', '--state', 'b'], '--state is given 2 times'],
    ['zero hosts at a time', ['--concurrency', '0'], '--concurrency must be an integer'],
    ['many hosts at a time', ['--concurrency', 'many'], '--concurrency must be an integer'],
  ])('%s', async (_title, flags, message) => {
    const { error } = await kboot('reset', 'none.yaml', ...flags);
    expect((error as Error).message).toContain(message);
  });

  it('but not a flag that may be repeated, also with hosts separated by commas', async () => {
    const { error } = await kboot('reset', 'none.yaml', '--limit', 'a,b', '--limit', 'c');
    expect(error).toBeInstanceOf(KbootError);
    expect((error as KbootError).code).toBe('E-INVENTORY');
  });
});
