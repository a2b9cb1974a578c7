import { resolve } from 'node:path';
import { KbootError } from '../model/error.ts';
import { visibleJson } from '../model/visible.ts';
import { knownHostsFiles } from '../app/workspace.ts';
import { errorsText, errorText } from '../view/error-text.ts';
import type { KbootEvent } from '../view/event-schema.ts';
import { fit } from '../view/fit.ts';
import { below, line, type Printable, type Screen } from '../view/printable.ts';
import type { GivenBundle } from '../store/bundle-folder.ts';
import type { BundleArgs } from './args.ts';
import { languageOfRun } from './language.ts';
import { askSecretsWith } from '../store/state-secret.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { remedies } from './remedies.ts';

const connectTimeoutMs = 10_000;

/*
 * Text leaves kboot here, and in the prompts of ask.ts: it is Printable, or JSON in which every character shows
 * (test/architecture.test.ts looks).
 */

/** To stdout: results. */
export function print(text: Printable): void {
  process.stdout.write(`${text}\n`);
}

/** To stdout, for people: fits a terminal. */
export function tell(text: Printable): void {
  process.stdout.write(`${fitted(text, process.stdout)}\n`);
}

/** To stderr, for people: progress, warnings. */
export function note(text: Printable): void {
  process.stderr.write(`${fitted(text, process.stderr)}\n`);
}

function fitted(text: Printable, stream: NodeJS.WriteStream): string {
  return stream.isTTY ? fit(text, Math.max(40, stream.columns)) : text;
}

/** Where progress is shown. */
export const screen: Screen = process.stderr;

/** An error, to stderr. */
export function tellError(error: KbootError): void {
  note(errorText(error, languageOfRun()));
}

/** Errors of hosts, to stderr. */
export function tellErrors(errors: Iterable<KbootError>): void {
  const text = errorsText(errors, languageOfRun());
  if (text !== '') note(text);
}

/** An error that is no KbootError, to stderr. */
export function tellDefect(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // What an error quotes may come from anywhere: its lines are indented, so that none passes for kboot's.
  const lines = text.split('\n').map((each) => line`  ${each}`);
  note(below(line`This is a bug in kboot, not a problem with your input:`, ...lines));
}

/** An error of stdout or stderr, to stderr. */
export function tellLostOutput({ message }: Error): void {
  note(line`✗ The output cannot be written: ${message}`);
}

/** One event to stdout, as view/event-schema.ts describes it. */
export function event(value: KbootEvent): void {
  process.stdout.write(`${visibleJson(value)}\n`);
}

/** Width of running text: that of the terminal, from 40 to 100 columns. */
export const terminalWidth = (): number => Math.max(40, Math.min(100, process.stdout.columns || 80));

/** Whether the user can answer a prompt. */
export const isInteractive = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Prompts for a secret without echoing it; undefined without a terminal. */
async function askSecret(question: string): Promise<string | undefined> {
  if (!isInteractive()) return undefined;
  const { password, isCancel } = await import('@clack/prompts');
  const answer = await password({ message: line`${question}`, output: process.stderr });
  if (isCancel(answer)) throw new KbootError('E-INTERRUPTED', 'the prompt was cancelled');
  return answer;
}

askSecretsWith(askSecret);

/** Asks whether to continue; `preset` is the answer on Enter. Throws KbootError E-USAGE without a terminal, unless `--yes` was given. */
export async function confirm(
  question: string,
  yes: boolean,
  preset: 'yes' | 'no' = 'yes',
): Promise<boolean> {
  if (yes) return true;
  if (!isInteractive())
    throw new KbootError('E-USAGE', 'there is no terminal to ask for confirmation', {
      remedy: remedies.reviewThenYes,
    });
  const prompts = await import('@clack/prompts');
  if (await typedAhead(process.stdin)) return false;
  const answer = await prompts.confirm({
    message: line`${question}`,
    initialValue: preset === 'yes',
    output: process.stderr,
  });
  return answer === true;
}

/**
 * Discards input typed before the question was shown, since it does not answer it: the prompt treats an earlier Enter
 * as another key, which flips the answer. Returns whether the input contained Ctrl-C.
 */
export async function typedAhead(
  input: Pick<NodeJS.ReadStream, 'setRawMode' | 'on' | 'off' | 'pause'>,
): Promise<boolean> {
  let interrupted = false;
  const drop = (bytes: Buffer | string): void => {
    if (bytes.includes('\u0003')) interrupted = true;
  };
  input.setRawMode(true);
  input.on('data', drop);
  await new Promise((resolve) => setTimeout(resolve, 50));
  input.off('data', drop);
  input.pause();
  input.setRawMode(false);
  return interrupted;
}

/** Connection options from the environment. */
export function connectOptions(): ConnectOptions {
  const given = (name: string): string | undefined =>
    process.env[name] === '' ? undefined : process.env[name];
  const sudoPassword = given('KBOOT_SUDO_PASSWORD');
  const sshPassword = given('KBOOT_SSH_PASSWORD');
  const bastionPassword = given('KBOOT_BASTION_PASSWORD');
  const agentSocket = given('SSH_AUTH_SOCK');
  return {
    connectTimeoutMs,
    knownHostsFiles: knownHostsFiles(),
    askSecret,
    ...(sudoPassword !== undefined && { sudoPassword }),
    ...(sshPassword !== undefined && { sshPassword }),
    ...(bastionPassword !== undefined && { bastionPassword }),
    ...(agentSocket !== undefined && { agentSocket }),
  };
}

/** The bundles of `--bundle` or KBOOT_BUNDLE, and whether they may differ from the lock. */
export function bundlesOf(args: Pick<BundleArgs, 'bundle' | 'allow-unofficial'>): {
  readonly bundles: readonly GivenBundle[];
  readonly allowUnofficial: boolean;
} {
  return { bundles: bundleFolders(args.bundle), allowUnofficial: mayBeUnofficial(args) };
}

/** `--allow-unofficial`, or KBOOT_ALLOW_UNOFFICIAL for scripts. Throws KbootError E-USAGE for a value that is neither yes nor no. */
export function mayBeUnofficial(args: { readonly 'allow-unofficial': boolean }): boolean {
  const given = process.env['KBOOT_ALLOW_UNOFFICIAL'] ?? '';
  if (!['', '0', '1', 'false', 'true'].includes(given))
    throw new KbootError('E-USAGE', 'KBOOT_ALLOW_UNOFFICIAL is neither true nor false');
  return args['allow-unofficial'] || given === '1' || given === 'true';
}

/** `--bundle`, else the folders in KBOOT_BUNDLE; `--bundle ''` means none. */
function bundleFolders(flags: readonly string[]): readonly GivenBundle[] {
  const by = flags.length > 0 ? '--bundle' : 'KBOOT_BUNDLE';
  const named = flags.length > 0 ? flags : (process.env['KBOOT_BUNDLE'] ?? '').split(':');
  return named.filter((name) => name !== '').map((name) => ({ directory: resolve(name), by }));
}
