import { randomBytes } from 'node:crypto';
import { KbootError } from '../model/error.ts';
import { Deadline } from './deadline.ts';
import { MarkerFilter } from './marker.ts';
import type { Launcher, Process } from './process.ts';
import { notOffered, sudoError, wantsPassword, wrongPassword } from './sudo-error.ts';
import { statedPassword, typedPassword, type Offer } from './typed-password.ts';
import type { ConnectOptions, RootProcess } from './types.ts';
import { within } from './within.ts';
import { remedies } from './remedies.ts';

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
    if (sudoPassword !== undefined) return await this.#stated(sudoPassword, body, options);
    const way: Way = { kind: 'sudo' };
    try {
      return { way, process: await this.#attempt(way, body, options) };
    } catch (error) {
      const asks = error instanceof KbootError && error.code === 'E-SUDO';
      if (!asks || !wantsPassword(error.context.detail ?? '')) throw error;
      return await this.#typed(error, body, options);
    }
  }

  /** With the password of the environment, which is held to be right once a host that asks for it has taken it. */
  async #stated(
    password: string,
    body: string,
    options: RootOptions,
  ): Promise<{ way: Way; process: RootProcess }> {
    const { host, user } = this.#launcher;
    const way: Way = { kind: 'sudo-with-password', password };
    let offer: Offer | undefined;
    const ask = async (): Promise<void> => {
      const given = await statedPassword(
        this.#options.askSecret,
        'KBOOT_SUDO_PASSWORD',
        password,
        user,
        host,
      );
      if ('refusedBy' in given) throw notOffered(host, user, given.refusedBy, false);
      offer = given;
    };
    return await told(
      async () => ({ way, process: await this.#attempt(way, body, options, ask) }),
      () => offer,
    );
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
    if ('refusedBy' in offer) throw notOffered(host, user, offer.refusedBy, true);
    const way: Way = { kind: 'sudo-with-password', password: offer.secret };
    return await told(
      async () => ({ way, process: await this.#attempt(way, body, options) }),
      () => offer,
    );
  }

  /** `ask`: whether the password may be sent to a sudo that asks for it. */
  async #attempt(
    way: Way,
    body: string,
    { input, timeoutMs, spare }: RootOptions,
    ask: () => Promise<void> = () => Promise.resolve(),
  ): Promise<RootProcess> {
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
          else if (!answered)
            deadline.stoppedWhile(ask).then(() => process.stdin.write(`${way.password}\n`), settle);
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
      remedy: remedies.giveShell({ user }),
    });
  }

  #flood(): KbootError {
    return new KbootError('E-PROBE', 'the login shell prints without end before it runs a command', {
      host: this.#launcher.host,
      remedy: remedies.checkStartupFiles({ user: this.#launcher.user }),
    });
  }

  #slow(timeoutMs: number): KbootError {
    return new KbootError('E-TIMEOUT', `the host did not start a root shell within ${timeoutMs} ms`, {
      host: this.#launcher.host,
      remedy: remedies.slowShell,
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

/** Does `work`, which may offer a password, and tells the offer what became of it. */
async function told<T>(work: () => Promise<T>, offered: () => Offer | undefined): Promise<T> {
  try {
    const value = await work();
    offered()?.accepted();
    return value;
  } catch (cause) {
    if (cause instanceof KbootError && cause.code === 'E-SUDO') offered()?.refused();
    else offered()?.untold();
    throw cause;
  }
}
