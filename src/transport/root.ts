import { randomBytes } from 'node:crypto';
import { KbootError } from '../model/error.ts';
import { Deadline } from './deadline.ts';
import { MarkerFilter } from './marker.ts';
import type { Launcher, Process } from './process.ts';
import { notOffered, sudoError, wantsPassword, wrongPassword } from './sudo-error.ts';
import { typedPassword } from './typed-password.ts';
import type { ConnectOptions, RootProcess } from './types.ts';
import { within } from './within.ts';

/** How to become root on a host. */
type Way =
  | { readonly kind: 'direct' }
  | { readonly kind: 'sudo' }
  | { readonly kind: 'sudo-with-password'; readonly password: string };

interface RootOptions {
  /** Written to stdin as soon as that is safe; stdin is then closed. */
  readonly input?: string;
  readonly timeoutMs: number;
  readonly spare?: () => void;
}

/** A root shell on one host: finds out once how to become root, then reuses that. */
export class RootShell {
  readonly #launcher: Launcher;
  readonly #options: ConnectOptions;
  /** Settled once the way is certain; an E-SUDO is as certain as a success. */
  #way: Promise<Way> | undefined;

  constructor(launcher: Launcher, options: ConnectOptions) {
    this.#launcher = launcher;
    this.#options = options;
    if (launcher.isRoot) this.#way = Promise.resolve({ kind: 'direct' });
  }

  /**
   * Runs `body` in root's sh. It must not contain single quotes, backslashes, `!` or newlines, so that
   * every login shell (csh and fish too) passes it on unchanged. Resolves once the process is root.
   * Throws E-SUDO, E-TIMEOUT, E-CONNECT.
   */
  async run(body: string, options: RootOptions): Promise<RootProcess> {
    if (this.#way !== undefined) return this.#attempt(await this.#way, body, options);
    const first = this.#findWay(body, options);
    const way = first.then((found) => found.way);
    this.#way = way;
    way.catch((error: unknown) => {
      if (!(error instanceof KbootError && error.code === 'E-SUDO')) this.#way = undefined;
    });
    return (await first).process;
  }

  async #findWay(body: string, options: RootOptions): Promise<{ way: Way; process: RootProcess }> {
    const { sudoPassword } = this.#options;
    const known: Way =
      sudoPassword === undefined ? { kind: 'sudo' } : { kind: 'sudo-with-password', password: sudoPassword };
    try {
      return { way: known, process: await this.#attempt(known, body, options) };
    } catch (error) {
      const asks = known.kind === 'sudo' && error instanceof KbootError && error.code === 'E-SUDO';
      if (!asks || !wantsPassword(error.context.detail ?? '')) throw error;
      return await this.#typed(error, body, options);
    }
  }

  /** With the password that is typed. Throws `error` if there is none. */
  async #typed(
    error: KbootError,
    body: string,
    options: RootOptions,
  ): Promise<{ way: Way; process: RootProcess }> {
    const { host, user } = this.#launcher;
    const offer = await typedPassword(
      this.#options.askSecret,
      `sudo ${user}`,
      `sudo password for ${user} on ${host} (then used for other hosts that ask)`,
      host,
    );
    if (offer === undefined) throw error;
    if ('refusedBy' in offer) throw notOffered(host, user, offer.refusedBy);
    const way: Way = { kind: 'sudo-with-password', password: offer.secret };
    try {
      const process = await this.#attempt(way, body, options);
      offer.accepted();
      return { way, process };
    } catch (cause) {
      if (cause instanceof KbootError && cause.code === 'E-SUDO') offer.refused();
      else offer.untold();
      throw cause;
    }
  }

  async #attempt(way: Way, body: string, { input, timeoutMs, spare }: RootOptions): Promise<RootProcess> {
    const mark = `kboot-${randomBytes(12).toString('hex')}`;
    const prompt = `kboot-${randomBytes(12).toString('hex')}:`;
    // Opening a channel may also wait for another one to end.
    const process = await within(
      this.#launcher.launch(commandLine(way, mark, prompt, body), spare),
      Math.max(timeoutMs, 3 * this.#options.connectTimeoutMs),
      () => this.#slow(timeoutMs),
      (late) => {
        late.kill();
      },
    );
    const stdout = process.stdout.pipe(new MarkerFilter(mark));
    const stderr = new MarkerFilter(mark, prompt);
    const early = way.kind !== 'sudo-with-password';
    try {
      await new Promise<void>((resolve, reject) => {
        const deadline = new Deadline(timeoutMs, () => {
          reject(this.#slow(timeoutMs));
        });
        const settle = (error?: Error): void => {
          deadline.clear();
          if (error === undefined) resolve();
          else reject(error);
        };
        const flood = (): void => {
          settle(this.#flood());
        };
        stdout.once('flood', flood);
        stderr.once('flood', flood);
        let answered = false;
        stderr.on('watched', (prompts: number) => {
          if (way.kind !== 'sudo-with-password') return;
          if (prompts > 1) settle(wrongPassword(this.#launcher.host, this.#launcher.user));
          else if (!answered) process.stdin.write(`${way.password}\n`);
          answered = true;
        });
        stderr.once('mark', () => {
          settle();
        });
        stderr.once('finish', () => {
          if (stderr.passed) return;
          void process.exit.then((code) => {
            settle(this.#failure(way, code, stderr.before.replaceAll(prompt, '')));
          });
        });
        process.stderr.pipe(stderr);
        if (early && input !== undefined) process.stdin.end(input);
      });
    } catch (error) {
      process.kill();
      stdout.resume();
      stderr.resume();
      throw error;
    }
    if (!early && input !== undefined) process.stdin.end(input);
    return rootProcess(process, stdout, stderr);
  }

  #failure(way: Way, code: number | null, stderr: string): KbootError {
    const { host, user, lost } = this.#launcher;
    if (lost.aborted) return lost.reason as KbootError;
    if (way.kind !== 'direct') return sudoError(host, user, code, stderr);
    return new KbootError('E-CONNECT', `user ${user} can log in, but cannot run commands`, {
      host,
      detail: stderr.trim(),
      remedy: `Give ${user} a login shell, and remove ForceCommand and "command=" for kboot's key.`,
    });
  }

  #flood(): KbootError {
    return new KbootError('E-PROBE', 'the login shell prints without end before it runs a command', {
      host: this.#launcher.host,
      remedy: `Check the startup files of the login shell of user ${this.#launcher.user} on the host.`,
    });
  }

  #slow(timeoutMs: number): KbootError {
    return new KbootError('E-TIMEOUT', `the host did not start a root shell within ${timeoutMs} ms`, {
      host: this.#launcher.host,
      remedy: "Check the host's load, the login shell's startup files and PAM.",
    });
  }
}

function rootProcess(process: Process, stdout: MarkerFilter, stderr: MarkerFilter): RootProcess {
  return {
    stdin: process.stdin,
    stdout,
    stderr,
    exit: process.exit,
    kill: () => {
      process.kill();
    },
  };
}

/** The mark goes to both outputs: text before it comes from the login shell, not from the command. */
function commandLine(way: Way, mark: string, prompt: string, body: string): string {
  const environment =
    'export LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const shell = `sh -c '${environment}; echo ${mark}; echo ${mark} >&2; ${body}'`;
  switch (way.kind) {
    case 'direct':
      return `exec ${shell}`;
    case 'sudo':
      return `exec env LC_ALL=C sudo -n -H ${shell}`;
    case 'sudo-with-password':
      return `exec env LC_ALL=C sudo -S -H -p ${prompt} ${shell}`;
  }
}
