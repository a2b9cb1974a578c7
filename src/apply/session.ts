import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { KbootError } from '../model/error.ts';
import { runFolder } from '../resource/prelude.ts';
import type { RootProcess, Writer } from '../transport/types.ts';
import { receiverCommand, receiverProgram } from './receiver.ts';

export interface StepResult {
  /** `skipped`: an earlier step of this session failed, or the session was stopped. */
  readonly state: 'done' | 'failed' | 'skipped';
  readonly status: number;
  /** Last 4000 bytes of the output of the step. */
  readonly output: string;
}

/** Bytes for a step: small ones in memory, large ones as a stream of known size. */
export type PayloadBytes =
  | { readonly kind: 'buffer'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly size: number; readonly open: () => Readable };

export interface SessionStep {
  readonly script: string;
  readonly timeoutSeconds: number;
  readonly payload?: { readonly path: string; readonly bytes: PayloadBytes };
}

interface Pending {
  readonly started: () => void;
  readonly settle: (result: StepResult) => void;
  readonly fail: (error: KbootError) => void;
}

/**
 * One shell on a host that runs steps in the order in which they are submitted. Steps may be submitted without waiting
 * for earlier ones: the host skips steps after a failure.
 */
export class Session {
  readonly host: string;
  #process: RootProcess;
  #nonce: string;
  #buffer = Buffer.alloc(0);
  #pending = new Map<string, Pending>();
  #next = 0;
  #sending: Promise<void> = Promise.resolve();
  #ended: KbootError | undefined;
  #stopped = false;
  #stderr = '';
  #ready: Promise<void>;
  #onReady: (error?: KbootError) => void = () => undefined;

  private constructor(host: string, process: RootProcess, nonce: string) {
    this.host = host;
    this.#process = process;
    this.#nonce = nonce;
    this.#ready = new Promise((resolve, reject) => {
      this.#onReady = (error) => {
        if (error) reject(error);
        else resolve();
      };
    });
    process.stdout.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#read();
    });
    process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-1000);
    });
    process.stdin.on('error', () => undefined);
    // The exit status may arrive before the last output.
    const drained = new Promise((resolve) => process.stdout.once('close', resolve));
    void process.exit
      .then(() => Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]))
      .then(() => {
        this.#end(connectionEnded(this.host, this.#stderr));
      });
  }

  /**
   * Opens the session: one exec. Rejects with E-LOCKED if another kboot session is still active on this host, and with the
   * errors of Writer.start. `token`: that of the cluster's lock, which no other run may hold when a step starts.
   */
  static async open(writer: Writer, token?: string): Promise<Session> {
    const nonce = randomBytes(12).toString('hex');
    const session = new Session(writer.host, await writer.start(receiverCommand), nonce);
    const program = Buffer.from(receiverProgram(nonce, token));
    session.#process.stdin.write(`${program.length}\n`);
    session.#process.stdin.write(program);
    await session.#ready;
    return session;
  }

  /** Submits one step. Rejects with E-CONNECT if the connection closes before its result arrives. */
  run(step: SessionStep, onStart: () => void = () => undefined): Promise<StepResult> {
    const id = String(this.#next++);
    const result = new Promise<StepResult>((settle, fail) => {
      if (this.#ended) fail(this.#ended);
      else this.#pending.set(id, { started: onStart, settle, fail });
    });
    this.#sending = this.#sending
      .then(() => this.#send(id, step))
      .catch((cause: unknown) => {
        // The host waits for bytes that do not exist: nothing else may be sent instead.
        this.#end(payloadUnreadable(this.host, cause));
        this.#process.kill();
      });
    return result;
  }

  /** Stops sending steps: those already sent run, the others are skipped. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends the shell after the submitted steps. */
  async close(): Promise<void> {
    await this.#sending;
    this.#process.stdin.end();
    await Promise.race([this.#process.exit, new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
    this.#process.kill();
  }

  async #send(id: string, step: SessionStep): Promise<void> {
    if (this.#ended || !this.#pending.has(id)) return;
    if (this.#stopped) {
      this.#settle(id, { state: 'skipped', status: 0, output: '' });
      return;
    }
    const script = Buffer.from(step.script);
    const payload = step.payload?.bytes;
    const size = payload === undefined ? 0 : payload.kind === 'buffer' ? payload.bytes.length : payload.size;
    await this.#write(
      Buffer.from(
        `step ${id} ${script.length} ${size} ${step.timeoutSeconds} ${step.payload?.path ?? '-'}\n`,
      ),
    );
    await this.#write(script);
    if (payload?.kind === 'buffer') await this.#write(payload.bytes);
    if (payload?.kind !== 'stream') return;
    let left = size;
    for await (const chunk of payload.open() as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) break;
      await this.#write(chunk);
      if (this.#hasEnded()) return;
    }
    if (left !== 0)
      throw new Error(`${step.payload?.path ?? ''} needs ${size} bytes, but its source has a different size`);
  }

  #hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  async #write(bytes: Buffer): Promise<void> {
    const { stdin } = this.#process;
    if (stdin.write(bytes)) return;
    await Promise.race([once(stdin, 'drain'), this.#process.exit]);
  }

  #read(): void {
    for (;;) {
      const newline = this.#buffer.indexOf(10);
      if (newline < 0) return;
      const words = this.#buffer.subarray(0, newline).toString().split(' ');
      const [mark, event, id = '', status = '0', length = '0'] = words;
      let rest = newline + 1;
      if (mark === `@${this.#nonce}` && event === 'done') {
        const end = rest + Number(length);
        if (this.#buffer.length < end + 1) return;
        const output = this.#buffer.subarray(rest, end).toString('utf8');
        rest = end + 1;
        this.#settle(id, { state: status === '0' ? 'done' : 'failed', status: Number(status), output });
      } else if (mark === `@${this.#nonce}`) {
        if (event === 'ready') this.#onReady();
        if (event === 'busy') this.#onReady(busy(this.host, id));
        if (event === 'unsafe') this.#onReady(unsafeRunFolder(this.host));
        if (event === 'start') this.#pending.get(id)?.started();
        if (event === 'skip') this.#settle(id, { state: 'skipped', status: 0, output: '' });
      }
      this.#buffer = this.#buffer.subarray(rest);
    }
  }

  #settle(id: string, result: StepResult): void {
    this.#pending.get(id)?.settle(result);
    this.#pending.delete(id);
  }

  #end(error: KbootError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#onReady(error);
    for (const pending of this.#pending.values()) pending.fail(error);
    this.#pending.clear();
  }
}

function connectionEnded(host: string, stderr: string): KbootError {
  return new KbootError('E-CONNECT', 'the connection closed while steps were running', {
    host,
    detail: stderr,
    remedy:
      'Finished steps stay done, and files are complete. When the host responds again, run the same command: it continues there.',
  });
}

function payloadUnreadable(host: string, cause: unknown): KbootError {
  return new KbootError('E-BUNDLE', 'a file for this host could not be read completely', {
    host,
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy:
      'Finished steps stay done, and files are complete. Check the bundle (`kboot bundle verify`) and run again.',
    cause,
  });
}

function unsafeRunFolder(host: string): KbootError {
  return new KbootError(
    'E-STEP',
    `${runFolder} is not a folder of root: somebody else could hold kboot's lock`,
    {
      host,
      remedy: `Find out who made it (\`stat ${runFolder}\` on the host), remove it, then run the same command again.`,
    },
  );
}

function busy(host: string, pid: string): KbootError {
  return new KbootError('E-LOCKED', `another kboot session (process ${pid}) is still active on this host`, {
    host,
    remedy:
      'Wait until it ends, then run the same command again; if nobody runs it any more, end that process on the host.',
  });
}
