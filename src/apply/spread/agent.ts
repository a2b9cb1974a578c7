import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { prelude } from '../../resource/prelude.ts';
import type { RootProcess, Writer } from '../../transport/types.ts';
import { receiverCommand } from '../receiver.ts';
import { silence, spreadProgram } from './program.ts';

/** A public key, as in known_hosts: type and base64. */
export type PublicKey = readonly [type: string, key: string];

/** A line of a host: a word, and what follows it. */
export interface Message {
  readonly word: string;
  readonly rest: readonly string[];
}

/** More than any line of a host. */
const longestLine = 4096;

/** The shell of a host that takes part in a spread: lines there and back. It has ended once `ended` resolves. */
export class Agent {
  readonly host: string;
  readonly ended: Promise<void>;
  readonly #process: RootProcess;
  readonly #mark: string;
  readonly #onMessage: (message: Message) => void;
  readonly #beat: NodeJS.Timeout;
  #text = '';
  #sending: Promise<void> = Promise.resolve();
  #isEnded = false;

  private constructor(
    host: string,
    process: RootProcess,
    nonce: string,
    onMessage: (message: Message) => void,
  ) {
    this.host = host;
    this.#process = process;
    this.#mark = `@${nonce}`;
    this.#onMessage = onMessage;
    process.stdin.on('error', () => undefined);
    process.stderr.resume();
    process.stdout.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.ended = process.exit.then(() => {
      this.#isEnded = true;
      clearInterval(this.#beat);
    });
    this.#beat = setInterval(
      () => {
        this.send('alive');
      },
      (silence / 6) * 1000,
    );
    this.#beat.unref();
  }

  /** Starts the shell: one exec, which makes room for others if the host allows too few. Rejects as Writer.start does. */
  static async start(writer: Writer, onMessage: (message: Message) => void): Promise<Agent> {
    const nonce = randomBytes(12).toString('hex');
    const ending: { agent?: Agent } = {};
    const process = await writer.start(receiverCommand, { spare: () => ending.agent?.kill() });
    const agent = new Agent(writer.host, process, nonce, onMessage);
    ending.agent = agent;
    const program = Buffer.from(spreadProgram(nonce, prelude));
    process.stdin.write(`${program.length}\n`);
    process.stdin.write(program);
    return agent;
  }

  /** Sends a line, and bytes after it, once what was sent before has left. */
  send(line: string, bytes?: Buffer): void {
    this.#sending = this.#sending.then(async () => {
      if (this.#isEnded) return;
      const { stdin } = this.#process;
      const flows = stdin.write(`${line}\n`);
      if (bytes === undefined ? flows : stdin.write(bytes)) return;
      await Promise.race([once(stdin, 'drain'), this.#process.exit]);
    });
  }

  /** Ends the shell, and whatever it has started. */
  async close(): Promise<void> {
    clearInterval(this.#beat);
    await Promise.race([this.#sending, sleep(2_000, undefined, { ref: false })]);
    this.#process.stdin.end();
    await Promise.race([this.#process.exit, sleep(5_000, undefined, { ref: false })]);
    this.#process.kill();
  }

  kill(): void {
    this.#process.kill();
  }

  #read(chunk: Buffer): void {
    this.#text += chunk.toString('latin1');
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end < 0) break;
      const [mark, word, ...rest] = this.#text.slice(0, end).split(' ');
      this.#text = this.#text.slice(end + 1);
      if (mark === this.#mark && word !== undefined) this.#onMessage({ word, rest });
    }
    if (this.#text.length > longestLine) this.#process.kill();
  }
}
