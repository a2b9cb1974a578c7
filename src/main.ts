import yargs, { type Argv, type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { adopt } from './cli/adopt.ts';
import { bundle } from './cli/bundle.ts';
import { certs } from './cli/certs.ts';
import { completionOf } from './cli/complete.ts';
import { etcd } from './cli/etcd.ts';
import { explain } from './cli/explain.ts';
import { init } from './cli/init.ts';
import { kubeconfig } from './cli/kubeconfig.ts';
import { argumentsGroup, flagsGroup } from './cli/manual.ts';
import { lock } from './cli/lock.ts';
import { drift, plan } from './cli/plan.ts';
import { render } from './cli/render.ts';
import { reset } from './cli/reset.ts';
import { schema } from './cli/schema.ts';
import { state } from './cli/state.ts';
import { status } from './cli/status.ts';
import { support } from './cli/support.ts';
import { unlock } from './cli/unlock.ts';
import { up } from './cli/up.ts';
import { usageError } from './cli/usage.ts';
import { validate } from './cli/validate.ts';
import { verify } from './cli/verify.ts';
import { version } from './cli/version.ts';
import { errorCodes, exitStatus, KbootError } from './model/error.ts';
import { kbootVersion } from './model/kboot-version.ts';
import type { KbootEvent } from './view/event-schema.ts';

// A reader may close the pipe early, as `head` does: that must not end the run.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') loseOutput(error);
  });

if (process.argv.includes('--no-color')) process.env['NO_COLOR'] = '1';

const argv = hideBin(process.argv);
const completing = argv[0] === '--get-yargs-completions';
const scripting = argv[0] === 'completion';
// bash passes `=` as a separate word.
const words = completing ? argv.filter((word) => word !== '=') : argv;

// The types of yargs lack these methods.
const parser = yargs(words) as Argv & {
  usageConfiguration(set: { 'hide-types': boolean }): Argv;
  getOptions(): { readonly key: object; readonly array: readonly string[]; readonly narg: object };
};

const commands: readonly Pick<CommandModule, 'command'>[] = [
  ...[init, validate, render, plan, drift, up, status, certs, verify, kubeconfig, reset, unlock],
  ...[adopt, bundle, lock, etcd, state, support, explain, schema, version],
];

run().catch(async (error: unknown) => {
  process.exitCode = await report(error);
});

/** A disk that is full does not end a run, either; it ends with 1, since what it had to say is lost. */
function loseOutput(error: Error): void {
  if (process.listenerCount('exit', failWithoutOutput) > 0) return;
  process.on('exit', failWithoutOutput);
  void import('./cli/terminal.ts').then(({ tellLostOutput }) => {
    tellLostOutput(error);
  });
}

function failWithoutOutput(status: number): void {
  if (status === exitStatus.done) process.exitCode = exitStatus.stepFailed;
}

/** Runs the command in argv. */
async function run(): Promise<void> {
  const cli = parser
    .usageConfiguration({ 'hide-types': true })
    .scriptName('kboot')
    .usage(
      '$0 COMMAND\n\nTurns a list of Linux machines into a Kubernetes cluster: shows a plan, applies exactly that plan, and can be run again at any time.',
    )
    .detectLocale(false)
    .updateStrings({ 'Positionals:': argumentsGroup, 'Options:': flagsGroup })
    .command(commands as never[])
    .completion('completion', 'Print a script that completes words in bash, zsh or fish', complete)
    .demandCommand(1, 'no command given')
    .strict(!completing && !scripting)
    .version(kbootVersion())
    .help()
    .alias('h', 'help')
    .wrap(Math.min(100, process.stdout.columns || 100))
    .example('kboot init', 'Write an inventory')
    .example('kboot plan cluster.yaml', 'Show what would change')
    .example('kboot up cluster.yaml', 'Apply it')
    .epilogue(
      'Exit status: 0 done · 1 a step failed · 2 changes pending · 3 bad usage or inventory · 4 host unreachable · 5 preflight · 6 stale plan · 7 locked · 130 interrupted',
    )
    .fail((message, error) => {
      // yargs throws some errors about a command line, and passes the others as a message.
      if (error instanceof Error && error.name !== 'YError') throw error;
      const { key, array, narg } = parser.getOptions();
      throw usageError(message, {
        words,
        commands: commands.map(({ command }) => String(command)),
        flags: Object.keys(key),
        lists: array.filter((name) => !(name in narg)),
      });
    });
  if (scripting && wantsJson()) await printCompletionEvent(cli);
  else await cli.parseAsync();
}

/** Prints the completion script as an event; yargs prints it as text by itself. */
async function printCompletionEvent(cli: Argv): Promise<void> {
  const { event } = await import('./cli/terminal.ts');
  await cli.parseAsync(words, {}, (_error, _argv, script) => {
    event({ type: 'completion', script });
  });
}

/** Completes the last word that the shell passes; with no candidates, the shell completes file names. */
function complete(
  _current: string,
  _argv: unknown,
  usual: () => unknown,
  done: (completions: string[]) => unknown,
): void {
  // fish omits the program name.
  const line = words.slice(words[1] !== undefined && /(^|\/)kboot$/.test(words[1]) ? 2 : 1);
  const answer = completionOf(line);
  if (answer === 'usual') usual();
  else if (answer === 'files') done([]);
  else if ('hostsOf' in answer)
    void import('./app/host-names.ts').then(({ hostNames }) => {
      done(hostNames(answer.hostsOf).filter((name) => !answer.except.includes(name)));
    });
  else done([...answer]);
}

/** Reports an error: a line of JSON on stdout, or text on stderr. */
async function report(error: unknown): Promise<number> {
  const known = error instanceof KbootError ? error : undefined;
  const terminal = await import('./cli/terminal.ts');
  if (wantsJson() && known !== undefined) {
    const { host, step, detail, remedy } = known.context;
    const { code, message } = known;
    const { title } = errorCodes[code];
    const event: KbootEvent = { type: 'error', code, title, message, host, step, detail, remedy };
    terminal.event(event);
  } else if (known !== undefined) terminal.tellError(known);
  else terminal.tellDefect(error);
  return known?.exit ?? exitStatus.stepFailed;
}

function wantsJson(): boolean {
  return (
    argv.includes('--output=json') ||
    argv.includes('-o=json') ||
    argv.some((word, index) => (word === '-o' || word === '--output') && argv[index + 1] === 'json')
  );
}
