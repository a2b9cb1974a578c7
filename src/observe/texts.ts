import { randomBytes } from 'node:crypto';
import { sha256 } from '../model/digest.ts';
import { textsFile } from '../resource/prelude.ts';
import { quoteAll } from '../model/shell.ts';
import type { Reader } from '../transport/types.ts';
import { readSections } from './probe.ts';

const mostText = 256 * 1024;

/** The text of a file on a host. */
export interface HostFileText {
  readonly text: string;
  /** It is what kboot wrote, and its plan showed then. */
  readonly isShown: boolean;
}

/** Text of the named files. Omits files that are missing or over 256 KiB. One exec. */
export async function readTexts(reader: Reader, paths: readonly string[]): Promise<Map<string, string>> {
  const read = await readBytes(reader, paths);
  return new Map([...read].map(([path, bytes]) => [path, bytes.toString('utf8')]));
}

/** The same, for diffs. */
export async function readForDiffs(
  reader: Reader,
  paths: readonly string[],
): Promise<Map<string, HostFileText>> {
  const read = await readBytes(reader, [...paths, textsFile]);
  const written = new Set(read.get(textsFile)?.toString('utf8').split('\n'));
  return new Map(
    paths.flatMap((path): [string, HostFileText][] => {
      const bytes = read.get(path);
      if (bytes === undefined) return [];
      return [[path, { text: bytes.toString('utf8'), isShown: written.has(`|${path}|${sha256(bytes)}`) }]];
    }),
  );
}

async function readBytes(reader: Reader, paths: readonly string[]): Promise<Map<string, Buffer>> {
  const nonce = randomBytes(12).toString('hex');
  const script = `for f in ${quoteAll(paths)}; do
  [ -f "$f" ] && [ "$(stat -L -c %s -- "$f")" -le ${mostText} ] || continue
  echo "@${nonce} begin $f"; base64 -w 0 < "$f"; echo; echo "@${nonce} end $f 0"
done`;
  const { stdout } = await reader.read(script, {
    timeoutMs: 60_000,
    maxBytes: 1024 * 1024 + paths.length * 2 * mostText,
  });
  return new Map([...readSections(stdout, nonce)].map(([path, text]) => [path, Buffer.from(text, 'base64')]));
}
