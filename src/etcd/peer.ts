import type { Duplex } from 'node:stream';
import { json, openTls, type EtcdCredentials } from './client.ts';

/**
 * Asks a member's peer port whether any member of its cluster ever started to serve; members publish that through
 * the first quorum. The peer port responds even without a leader: joining members query it.
 * Rejects with KbootError E-ETCD.
 */
export async function everServed(
  stream: Duplex,
  name: string,
  credentials: EtcdCredentials,
): Promise<boolean> {
  const connection = await openTls(stream, name, credentials);
  try {
    const path = '/members';
    const members = await json<readonly { readonly clientURLs?: readonly string[] | null }[]>(
      name,
      path,
      await connection.send('GET', path),
    );
    return members.some(({ clientURLs }) => (clientURLs ?? []).length > 0);
  } finally {
    connection.close();
  }
}
