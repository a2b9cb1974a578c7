import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { KbootError } from '../../model/error.ts';
import type { RootProcess, Writer } from '../../transport/types.ts';
import { receiverCommand } from '../receiver.ts';
import { decodeHolder, encodeHolder, type Holder } from './holder.ts';
import { lockProgram } from './program.ts';
import { clusterLockTimes } from './times.ts';

/** The answer to `take`. */
export type TakeAnswer =
  | {
      readonly kind: 'taken';
      /** Milliseconds since a run that changed the cluster had the lock; since the host's boot if none had it. */
      readonly changedMs: number;
      /** That run. */
      readonly changedBy: string;
      /** Who was robbed of a stale lock. */
      readonly over: { readonly token: string; readonly holder: Holder | undefined } | undefined;
    }
  | HeldAnswer;

/** Another run holds the lock. */
export interface HeldAnswer {
  readonly kind: 'held';
  /** Milliseconds since its last heartbeat. */
  readonly ageMs: number;
  readonly token: string;
  readonly holder: Holder | undefined;
}

interface Pending {
  readonly settle: (words: readonly string[]) => void;
  readonly fail: (error: Error) => void;
}

/** The lock on one host, through one shell there that lasts as long as the lock. */
export class HostLock {
  readonly host: string;
  readonly #writer: Writer;
  #process: RootProcess;
  #pending: Pending[] = [];
  #ended: Error | undefined;
  #gaveWay: () => boolean;
  readonly #answerMs: number;

  private constructor(
    writer: Writer,
    process: RootProcess,
    nonce: string,
    gaveWay: () => boolean,
    answerMs: number,
  ) {
    const { host } = writer;
    this.host = host;
    this.#writer = writer;
    this.#answerMs = answerMs;
    this.#gaveWay = gaveWay;
    this.#process = process;
    process.stdin.on('error', () => undefined);
    process.stderr.resume();
    let bytes = 0;
    process.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) return;
      this.#end(talkative(host));
      process.kill();
    });
    createInterface({ input: process.stdout, crlfDelay: Infinity }).on('line', (line) => {
      const [mark, ...words] = line.split(' ');
      if (mark === `@${nonce}`) this.#pending.shift()?.settle(words);
    });
    void process.exit.then(() => {
      this.#end(gone(host));
    });
  }

  /** One exec. Rejects with the errors of Writer.start. */
  static async open(writer: Writer, answerMs = clusterLockTimes.answerMs): Promise<HostLock> {
    const nonce = randomBytes(12).toString('hex');
    let ended = false;
    const spare = (): void => {
      ended = true;
    };
    const process = await writer.start(receiverCommand, { spare });
    const lock = new HostLock(writer, process, nonce, () => ended, answerMs);
    const program = Buffer.from(lockProgram(nonce));
    process.stdin.write(`${program.length}\n`);
    process.stdin.write(program);
    return lock;
  }

  /** Another shell on the host, after this one ended. Rejects with the errors of Writer.start. */
  async reopened(): Promise<HostLock> {
    return await HostLock.open(this.#writer, this.#answerMs);
  }

  /** Whether the host can still be asked. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Whether its shell had to end, because the host allows too few sessions. */
  get gaveWay(): boolean {
    return this.#gaveWay();
  }

  /** Takes the lock if it is free, stale, or that of the acquisition `dead`. */
  async take(holder: Holder, staleMs: number, dead: string | undefined): Promise<TakeAnswer> {
    const stale = Math.round(staleMs / 10);
    const question = ['take', holder.token, holder.run, stale, dead ?? '-', encodeHolder(holder)];
    const [verb, age = '', second = '', ...rest] = await this.#ask(question.join(' '));
    const ms = Number(age) * 10;
    if (verb === 'held')
      return { kind: 'held', ageMs: ms, token: second, holder: decodeHolder(rest[0] ?? '') };
    if (verb !== 'taken') throw refused(this.host, [verb, age, second, ...rest].join(' '));
    const [token = '-', who = ''] = rest;
    const over = token === '-' ? undefined : { token, holder: decodeHolder(who) };
    return { kind: 'taken', changedMs: ms, changedBy: second, over };
  }

  /** Renews the lock; false if it is not held any more. */
  async beat(token: string): Promise<boolean> {
    const words = await this.#ask(`beat ${token}`);
    if (words[0] === 'failed') throw refused(this.host, words.join(' '));
    return words[0] === 'beat';
  }

  /** Gives the lock up if it is still that of `token`. `changed`: the run may have changed something. */
  async drop(token: string, changed: boolean): Promise<void> {
    await this.#ask(`drop ${token} ${changed ? 1 : 0}`);
  }

  close(): void {
    this.#process.stdin.end();
    this.#end(gone(this.host));
    // A shell that hangs is not waited for.
    setTimeout(() => {
      this.#process.kill();
    }, 1_000).unref();
  }

  /** Rejects with KbootError E-TIMEOUT, after which the shell is not asked any more: its answers would be those of other questions. */
  async #ask(line: string): Promise<readonly string[]> {
    if (this.#ended !== undefined) throw this.#ended;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(silent(this.host, this.#answerMs));
        this.#process.kill();
      }, this.#answerMs);
      const done = (then: () => void): void => {
        clearTimeout(timer);
        then();
      };
      this.#pending.push({
        settle: (words) => {
          done(() => {
            resolve(words);
          });
        },
        fail: (error) => {
          done(() => {
            reject(error);
          });
        },
      });
      this.#process.stdin.write(`${line}\n`);
    });
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const pending of this.#pending.splice(0)) pending.fail(this.#ended);
  }
}

/** Far more than the answers of a run that takes days. */
const mostBytes = 16 << 20;

const talkative = (host: string): KbootError =>
  new KbootError('E-CONNECT', "the shell that keeps the cluster's lock printed more than answers", { host });

const gone = (host: string): KbootError =>
  new KbootError('E-CONNECT', "the shell that keeps the cluster's lock ended", { host });

const silent = (host: string, answerMs: number): KbootError =>
  new KbootError('E-TIMEOUT', `the cluster's lock did not answer within ${answerMs / 1000} s`, { host });

const refused = (host: string, said: string): KbootError =>
  new KbootError('E-STATE', `the cluster's lock cannot be taken: ${said.replace(/^failed /, '')}`, { host });
