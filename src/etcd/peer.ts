import type { Duplex } from 'node:stream';
import * as z from 'zod';
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
    const form = z.array(z.object({ clientURLs: z.array(z.string()).nullish() }));
    const members = await json(name, path, await connection.send('GET', path), form);
    return members.some(({ clientURLs }) => (clientURLs ?? []).length > 0);
  } finally {
    connection.close();
  }
}
