import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { KbootError } from '../model/error.ts';
import { runFolder } from '../resource/prelude.ts';
import type { RootProcess, Writer } from '../transport/types.ts';
import { sumOfTimes } from '../transport/cpu-times.ts';
import { keptOutput, receiverCommand, receiverProgram } from './receiver.ts';
import type { Turn } from './turns.ts';
import { remedies } from './remedies.ts';

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
  | { readonly kind: 'stream'; readonly size: number; readonly open: () => Readable }
  | HeldBytes;

/** A file that comes to the host by itself. */
export interface HeldBytes {
  readonly kind: 'held';
  /** Where it is on the host, once `arrived` resolves to true. */
  readonly path: string;
  readonly arrived: Promise<boolean>;
  /** Sent if it does not arrive; undefined: the step gets it by itself. */
  readonly otherwise: Exclude<PayloadBytes, HeldBytes> | undefined;
}

export interface SessionStep {
  readonly script: string;
  readonly timeoutSeconds: number;
  readonly payload?: { readonly path: string; readonly bytes: PayloadBytes };
}

export interface SessionOptions {
  /** A host that is silent for so many milliseconds longer than a step may take is given up. */
  readonly grace?: number;
  /** Waits until a file may be sent. */
  readonly turn?: () => Promise<Turn>;
}

type OnSent = (bytes: number, size: number) => void;

const anyTime: Turn = { sent: () => undefined, end: () => undefined };

interface Sending {
  readonly payload: Exclude<PayloadBytes, HeldBytes> | undefined;
  /** Where its file is on the host already. */
  readonly held?: string;
  readonly turn: Turn;
  readonly onSent: OnSent;
}

interface Pending {
  /** How long it may take by this machine's clock, from the moment when a part of its payload left last. */
  readonly limitMs: number;
  isStarted: boolean;
  /** Its file has not arrived on the host, or it is not its turn to be sent one: its time does not run. */
  isWaiting: boolean;
  readonly started: () => void;
  readonly settle: (result: StepResult) => void;
  readonly fail: (error: KbootError) => void;
}

/** What a host may take beyond the limits of a step, which it enforces itself, and for a lock that another session holds. */
const graceMs = 40_000;
const readyMs = 90_000;
/** What a host may take to remember digests (kb_remember), which it need not finish. */
const endMs = 30_000;
/** Bytes that are sent at a time. A host that does not accept one such slice within the limit of a step is given up. */
const slice = 64 * 1024;
/** More than a mark with the output of a step. */
const mostHeld = 4 * keptOutput;

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
  #clock: NodeJS.Timeout | undefined;
  readonly #graceMs: number;
  readonly #turn: Required<SessionOptions>['turn'];
  #cpuSeconds: number | undefined;
  /** Resolves once the shell has ended, and its output has arrived. */
  readonly #over: Promise<void>;
  #stderr = '';
  #isReady = false;

  private constructor(
    host: string,
    process: RootProcess,
    nonce: string,
    { grace, turn }: Required<SessionOptions>,
  ) {
    this.host = host;
    this.#turn = turn;
    this.#graceMs = grace;
    this.#process = process;
    this.#nonce = nonce;
    process.stdout.on('data', (chunk: Buffer) => {
      if (this.#ended) return;
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#read();
      if (this.#buffer.length > mostHeld) this.#give(nonsense(this.host));
    });
    process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-1000);
    });
    process.stdin.on('error', () => undefined);
    // The exit status may arrive before the last output.
    const drained = new Promise((resolve) => process.stdout.once('close', resolve));
    this.#over = process.exit
      .then(() => Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]))
      .then(() => {
        this.#end(connectionEnded(this.host, this.#stderr));
      });
  }

  /**
   * Opens the session: one exec. Rejects with the errors of Writer.start. Steps need not wait until the host takes them: they
   * fail with E-LOCKED if another kboot session is still active on this host. `token`: that of the cluster's lock, which no
   * other run may hold when a step starts.
   */
  static async open(
    writer: Writer,
    token?: string,
    { grace = graceMs, turn = () => Promise.resolve(anyTime) }: SessionOptions = {},
  ): Promise<Session> {
    const nonce = randomBytes(12).toString('hex');
    const process = await writer.start(receiverCommand);
    const session = new Session(writer.host, process, nonce, { grace, turn });
    const program = Buffer.from(receiverProgram(nonce, token));
    session.#process.stdin.write(`${program.length}\n`);
    session.#process.stdin.write(program);
    session.#clock = setTimeout(
      () => {
        session.#give(silent(writer.host, 'it did not begin to take steps'));
      },
      Math.min(readyMs, 3 * grace),
    );
    return session;
  }

  /**
   * Submits one step. Rejects with E-CONNECT if the connection closes before its result arrives. `onSent`: how many of the
   * bytes of its payload have left; first 0.
   */
  run(
    step: SessionStep,
    onStart: () => void = () => undefined,
    onSent: OnSent = () => undefined,
  ): Promise<StepResult> {
    const id = String(this.#next++);
    const result = new Promise<StepResult>((settle, fail) => {
      if (this.#ended) fail(this.#ended);
      else {
        this.#pending.set(id, {
          limitMs: step.timeoutSeconds * 1000 + this.#graceMs,
          isStarted: false,
          isWaiting: step.payload !== undefined && step.payload.bytes.kind !== 'buffer',
          started: onStart,
          settle,
          fail,
        });
        if (this.#pending.size === 1) this.#watch();
      }
    });
    this.#sending = this.#sending
      .then(() => this.#send(id, step, onSent))
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

  /** Ends the shell after the submitted steps. Returns the CPU time of everything it ran, if the host reports it. */
  async close(): Promise<number | undefined> {
    await Promise.race([this.#sending, new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
    this.#process.stdin.end();
    await Promise.race([this.#over, new Promise((resolve) => setTimeout(resolve, endMs).unref())]);
    this.#process.kill();
    return this.#cpuSeconds;
  }

  async #send(id: string, step: SessionStep, onSent: OnSent): Promise<void> {
    if (this.#ended || !this.#pending.has(id)) return;
    if (this.#stopped) {
      this.#settle(id, { state: 'skipped', status: 0, output: '' });
      return;
    }
    const given = step.payload?.bytes;
    const isHeld = given?.kind === 'held' && (await given.arrived);
    const payload = given?.kind !== 'held' ? given : isHeld ? undefined : given.otherwise;
    const turn = payload?.kind === 'stream' ? await this.#turn() : anyTime;
    try {
      if (given === undefined || given.kind === 'buffer' || this.#resume(id))
        await this.#sendNow(id, step, { payload, turn, onSent, ...(isHeld && { held: given.path }) });
    } finally {
      turn.end();
    }
  }

  async #sendNow(id: string, step: SessionStep, { payload, held, turn, onSent }: Sending): Promise<void> {
    const script = Buffer.from(step.script);
    const size = payload === undefined ? 0 : lengthOf(payload);
    const path = held !== undefined || payload !== undefined ? (step.payload?.path ?? '-') : '-';
    const bytes = held === undefined ? String(size) : `=${held}`;
    await this.#write(Buffer.from(`step ${id} ${script.length} ${bytes} ${step.timeoutSeconds} ${path}\n`));
    await this.#write(script);
    if (payload === undefined) return;
    let sent = 0;
    onSent(sent, size);
    for await (const part of slicesOf(payload)) {
      if (sent + part.length > size) throw otherSize(step, size);
      await this.#write(part);
      turn.sent(part.length);
      if (this.#hasEnded()) return;
      sent += part.length;
      onSent(sent, size);
      // It moves, however slowly.
      if (this.#pending.keys().next().value === id) this.#watch();
    }
    if (sent < size) throw otherSize(step, size);
  }

  /** A step has its file, or the turn to be sent it: its time begins. False if the step is not sent any more. */
  #resume(id: string): boolean {
    const pending = this.#pending.get(id);
    if (this.#ended || pending === undefined) return false;
    if (this.#stopped) {
      this.#settle(id, { state: 'skipped', status: 0, output: '' });
      return false;
    }
    pending.isWaiting = false;
    this.#watch();
    return true;
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
        if (!/^\d{1,6}$/.test(length) || Number(length) > mostHeld / 2) {
          this.#give(nonsense(this.host));
          return;
        }
        const end = rest + Number(length);
        if (this.#buffer.length < end + 1) return;
        const output = this.#buffer.subarray(rest, end).toString('utf8');
        rest = end + 1;
        this.#settle(id, { state: status === '0' ? 'done' : 'failed', status: Number(status), output });
      } else if (mark === `@${this.#nonce}`) {
        if (event === 'ready') {
          this.#isReady = true;
          this.#watch();
        }
        if (event === 'busy') this.#give(busy(this.host, id));
        if (event === 'unsafe') this.#give(unsafeRunFolder(this.host));
        if (event === 'start') this.#started(id);
        if (event === 'times') this.#cpuSeconds = sumOfTimes(words.slice(2));
        if (event === 'skip') this.#settle(id, { state: 'skipped', status: 0, output: '' });
      }
      this.#buffer = this.#buffer.subarray(rest);
    }
  }

  #settle(id: string, result: StepResult): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.settle(result);
    this.#pending.delete(id);
    this.#watch();
  }

  #started(id: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.isStarted) return;
    pending.isStarted = true;
    pending.started();
    this.#watch();
  }

  /** Starts the clock of the step that is next, anew when it becomes the next one and when it starts. */
  #watch(): void {
    if (!this.#isReady) return;
    clearTimeout(this.#clock);
    const [next] = this.#pending.values();
    if (next === undefined || next.isWaiting) return;
    this.#clock = setTimeout(() => {
      this.#give(silent(this.host, `a step had ${Math.round(next.limitMs / 1000)} s`));
    }, next.limitMs);
  }

  #give(error: KbootError): void {
    this.#end(error);
    this.#process.kill();
  }

  #end(error: KbootError): void {
    if (this.#ended) return;
    this.#ended = error;
    clearTimeout(this.#clock);
    this.#buffer = Buffer.alloc(0);
    for (const pending of this.#pending.values()) pending.fail(error);
    this.#pending.clear();
  }
}

async function* slicesOf(payload: Exclude<PayloadBytes, HeldBytes>): AsyncGenerator<Buffer> {
  const chunks = payload.kind === 'buffer' ? [payload.bytes] : (payload.open() as AsyncIterable<Buffer>);
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += slice) yield chunk.subarray(at, at + slice);
}

function otherSize({ payload }: SessionStep, size: number): Error {
  return new Error(`${payload?.path ?? ''} needs ${size} bytes, but its source has a different size`);
}

function lengthOf(bytes: Exclude<PayloadBytes, HeldBytes>): number {
  return bytes.kind === 'buffer' ? bytes.bytes.length : bytes.size;
}

function silent(host: string, what: string): KbootError {
  return new KbootError('E-TIMEOUT', `the host is connected, but does not answer: ${what}`, {
    host,
    remedy: remedies.hostIsSilent,
  });
}

function nonsense(host: string): KbootError {
  return new KbootError('E-PROBE', 'the host sends something else than the results of steps', {
    host,
    remedy: remedies.notItsShell,
  });
}

function connectionEnded(host: string, stderr: string): KbootError {
  return new KbootError('E-CONNECT', 'the connection closed while steps were running', {
    host,
    detail: stderr,
    remedy: remedies.whenItResponds,
  });
}

function payloadUnreadable(host: string, cause: unknown): KbootError {
  return new KbootError('E-BUNDLE', 'a file for this host could not be read completely', {
    host,
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy: remedies.checkBundle,
    cause,
  });
}

function unsafeRunFolder(host: string): KbootError {
  return new KbootError(
    'E-STEP',
    `${runFolder} is not a folder of root: somebody else could hold kboot's lock`,
    {
      host,
      remedy: remedies.whoseFolder({ folder: runFolder }),
    },
  );
}

function busy(host: string, pid: string): KbootError {
  return new KbootError('E-LOCKED', `another kboot session (process ${pid}) is still active on this host`, {
    host,
    remedy: remedies.sessionIsActive,
  });
}
