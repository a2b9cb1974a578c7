import { randomBytes } from 'node:crypto';
import { quoteAll } from '../resource/shell.ts';
import type { Reader } from '../transport/types.ts';
import { readSections } from './probe.ts';

const mostText = 256 * 1024;

/** Text of the named files, for the diff. Omits files that are missing or over 256 KiB. One exec. */
export async function readTexts(reader: Reader, paths: readonly string[]): Promise<Map<string, string>> {
  const nonce = randomBytes(12).toString('hex');
  const script = `for f in ${quoteAll(paths)}; do
  [ -f "$f" ] && [ "$(stat -L -c %s -- "$f")" -le ${mostText} ] || continue
  echo "@${nonce} begin $f"; base64 -w 0 < "$f"; echo; echo "@${nonce} end $f 0"
done`;
  const { stdout } = await reader.read(script, {
    timeoutMs: 60_000,
    maxBytes: 1024 * 1024 + paths.length * 2 * mostText,
  });
  return new Map(
    [...readSections(stdout, nonce)].map(([path, text]) => [
      path,
      Buffer.from(text, 'base64').toString('utf8'),
    ]),
  );
}
