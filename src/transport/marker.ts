import { Transform, type TransformCallback } from 'node:stream';

const keptBytes = 64 * 1024;

/**
 * Withholds everything up to and including the line `mark`, and passes the rest through.
 * Emits `before` with all text withheld so far, and `mark` once.
 */
export class MarkerFilter extends Transform {
  readonly #mark: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #passed = false;

  constructor(mark: string) {
    super();
    this.#mark = Buffer.from(`${mark}\n`);
    this.on('error', () => undefined);
  }

  /** The text before the mark; at most its last 64 KiB. */
  get before(): string {
    return this.#held.toString('utf8');
  }

  get passed(): boolean {
    return this.#passed;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#passed) {
      done(null, chunk);
      return;
    }
    const all = Buffer.concat([this.#held, chunk]);
    const at = all.indexOf(this.#mark);
    if (at < 0) {
      this.#held = all.subarray(-keptBytes);
      this.emit('before', this.before);
      done();
      return;
    }
    this.#passed = true;
    this.#held = all.subarray(0, at);
    this.emit('mark');
    const rest = all.subarray(at + this.#mark.length);
    if (rest.length > 0) this.push(rest);
    done();
  }
}
