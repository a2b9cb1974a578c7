import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Bytes per second above which gzip takes longer than it saves. */
const fastWire = 25e6;
/** What a compressed piece may have of its bytes to be worth it. */
const worthwhile = 0.9;

/** Decides, piece by piece, whether a file is sent compressed: if the wire is slower than gzip, and the file shrinks. */
export class Pieces {
  #shrinks = true;
  #first: number | undefined;
  /** Size of compressed pieces relative to their content, as far as known. */
  get ratio(): number {
    return this.#first ?? 1;
  }

  /** `bytesPerSecond`: of the wire; undefined: not known yet. */
  async pack(
    piece: Buffer,
    bytesPerSecond: number | undefined,
  ): Promise<{ readonly form: 'raw' | 'gzip'; readonly bytes: Buffer }> {
    if (!this.#shrinks || bytesPerSecond === undefined || bytesPerSecond > fastWire)
      return { form: 'raw', bytes: piece };
    const bytes = await compress(piece, { level: 1 });
    this.#first ??= bytes.length / piece.length;
    if (bytes.length < worthwhile * piece.length) return { form: 'gzip', bytes };
    this.#shrinks = false;
    return { form: 'raw', bytes: piece };
  }
}
