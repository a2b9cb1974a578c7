import { KbootError } from '../model/error.ts';
import { quote } from '../model/shell.ts';
import type { Reader } from '../transport/types.ts';
import { remedies } from './remedies.ts';

/** A snapshot that a host has. */
export interface FoundSnapshot {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly taken: number;
}

/** The snapshots in a folder of a host, the newest first: one exec. Their content is not read. */
export async function listHostSnapshots(reader: Reader, folder: string): Promise<readonly FoundSnapshot[]> {
  const { stdout } = await reader.read(
    `for f in ${quote(folder)}/etcd-*.db ${quote(folder)}/etcd-*.db.cms; do [ -f "$f" ] && stat -c '%s %Y %n' -- "$f"; done; echo end`,
    { timeoutMs: 30_000 },
  );
  if (!stdout.endsWith('end\n')) throw cutOff(reader.host);
  return [...stdout.matchAll(/^(\d+) (\d+) (.+)$/gm)]
    .map(([, size, taken, file = '']) => ({ file, size: Number(size), taken: Number(taken) }))
    .sort((a, b) => b.taken - a.taken);
}

const chunk = 6 << 20;

/** The content of a file of a host, in pieces: one exec each. Throws KbootError E-SNAPSHOT if it cannot be read. */
export async function* readHostFile(reader: Reader, file: string): AsyncGenerator<Buffer> {
  for (let index = 0; ; index += 1) {
    const { stdout, stderr, exitCode } = await reader.read(
      `dd if=${quote(file)} bs=${chunk} skip=${index} count=1 status=none | base64 -w 0; [ -r ${quote(file)} ] && echo .`,
      { timeoutMs: 300_000, maxBytes: 2 * chunk },
    );
    if (exitCode !== 0)
      throw new KbootError('E-SNAPSHOT', `${file} cannot be read: ${stderr.trim()}`, {
        host: reader.host,
        remedy: remedies.snapshotsOnHosts,
      });
    if (!stdout.endsWith('.\n')) throw cutOff(reader.host);
    const piece = Buffer.from(stdout.slice(0, -2), 'base64');
    if (piece.length > 0) yield piece;
    if (piece.length < chunk) return;
  }
}

const cutOff = (host: string): KbootError =>
  new KbootError('E-PROBE', 'the answer was cut off', { host, remedy: remedies.again });
