import { Transform, type TransformCallback } from 'node:stream';

const keptBytes = 64 * 1024;
/** More than any greeting of a login shell. */
const mostBefore = 1024 * 1024;

/**
 * Withholds everything up to and including the line `mark`, and passes the rest through.
 * Emits `mark` once, `watched` with the number of times that `watch` came before it, and `flood` once if there is more than
 * 1 MiB before it. Every byte is looked at a fixed number of times, whatever the chunks.
 */
export class MarkerFilter extends Transform {
  readonly #mark: Buffer;
  readonly #watch: Buffer | undefined;
  #chunks: Buffer[] = [];
  #kept = 0;
  #total = 0;
  #watched = 0;
  #passed = false;
  #flooded = false;

  constructor(mark: string, watch?: string) {
    super();
    this.#mark = Buffer.from(`${mark}\n`);
    this.#watch = watch === undefined ? undefined : Buffer.from(watch);
    this.on('error', () => undefined);
  }

  /** The text before the mark; at most its last 64 KiB. */
  get before(): string {
    return this.#joined().subarray(-keptBytes).toString('utf8');
  }

  get passed(): boolean {
    return this.#passed;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#passed || this.#flooded) {
      done(null, this.#passed ? chunk : undefined);
      return;
    }
    const tail = this.#tail(this.#mark.length - 1);
    const at = Buffer.concat([tail, chunk]).indexOf(this.#mark);
    const end = at < 0 ? chunk.length : Math.max(0, at - tail.length);
    this.#look(chunk.subarray(0, end));
    if (at < 0) {
      if (this.#total > mostBefore) {
        this.#flooded = true;
        this.emit('flood');
      }
    } else {
      this.#passed = true;
      // The beginning of the mark may be in earlier chunks.
      this.#chunks = [this.#joined().subarray(0, this.#kept - Math.max(0, tail.length - at))];
      this.emit('mark');
      const rest = chunk.subarray(at + this.#mark.length - tail.length);
      if (rest.length > 0) this.push(rest);
    }
    done();
  }

  /** Keeps bytes that are not past the mark, and counts what is watched for. */
  #look(bytes: Buffer): void {
    if (this.#watch !== undefined) {
      const tail = this.#tail(this.#watch.length - 1);
      const all = Buffer.concat([tail, bytes]);
      const before = this.#watched;
      for (let at = all.indexOf(this.#watch); at >= 0; at = all.indexOf(this.#watch, at + this.#watch.length))
        this.#watched++;
      if (this.#watched > before) this.emit('watched', this.#watched);
    }
    this.#chunks.push(bytes);
    this.#kept += bytes.length;
    this.#total += bytes.length;
    if (this.#kept <= 2 * keptBytes) return;
    this.#chunks = [this.#joined().subarray(-keptBytes)];
    this.#kept = keptBytes;
  }

  /** The last bytes, from as many chunks as that takes. */
  #tail(length: number): Buffer {
    const last: Buffer[] = [];
    let size = 0;
    for (let index = this.#chunks.length - 1; index >= 0 && size < length; index--) {
      const chunk = this.#chunks[index] ?? Buffer.alloc(0);
      last.unshift(chunk);
      size += chunk.length;
    }
    return Buffer.concat(last).subarray(Math.max(0, size - length));
  }

  #joined(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
