import type http from 'node:http';
import { etcdError } from './etcd-error.ts';

/** The gateway streams one JSON object per line, each with a base64 blob. Throws KbootError E-ETCD if the stream breaks off. */
export async function* snapshotBlobs(
  name: string,
  post: (path: string, body: object) => Promise<http.IncomingMessage>,
): AsyncGenerator<Buffer> {
  const path = '/v3/maintenance/snapshot';
  const response = await post(path, {});
  if (response.statusCode !== 200)
    throw etcdError(name, `${path}: status ${response.statusCode ?? 0}`, response);
  let rest = '';
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield blobOf(line);
    }
    if (rest.trim() !== '') yield blobOf(rest);
  } catch (cause) {
    throw etcdError(name, `${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function blobOf(line: string): Buffer {
  const { result, error } = JSON.parse(line) as { result?: { blob?: string }; error?: { message?: string } };
  if (error !== undefined) throw new Error(error.message ?? 'cut off');
  return Buffer.from(result?.blob ?? '', 'base64');
}
