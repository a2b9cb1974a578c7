import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { KbootError } from '../model/error.ts';
import type { SnapshotContent } from '../model/snapshot.ts';
import { openBolt, type Bolt } from './bolt.ts';
import { remedies } from './remedies.ts';

/** A snapshot ends with the SHA-256 of everything before it (etcd server/etcdserver/api/v3rpc, maintenance.go). */
const hashBytes = 32;

/** Passes a snapshot on. Throws KbootError E-ETCD at its end if that is not the hash of what was before. */
export async function* intact(blobs: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let tail = Buffer.alloc(0);
  for await (const blob of blobs) {
    const all = Buffer.concat([tail, blob]);
    const rest = Math.max(0, all.length - hashBytes);
    hash.update(all.subarray(0, rest));
    tail = all.subarray(rest);
    yield blob;
  }
  if (tail.length === hashBytes && hash.digest().equals(tail)) return;
  throw new KbootError('E-ETCD', 'the snapshot is damaged: its SHA-256 is not the one at its end', {
    remedy: remedies.snapshotNotKept,
  });
}

/** Whether a file ends with the SHA-256 of what is before. */
export async function isIntact(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const stream = file.createReadStream({ highWaterMark: 1 << 20 });
    const blobs = intact(stream as AsyncIterable<Buffer>);
    while ((await blobs.next()).done !== true);
    return true;
  } catch (cause) {
    if (cause instanceof KbootError) return false;
    throw cause;
  } finally {
    await file.close();
  }
}

/** What a snapshot says of itself; undefined if it is not a database of etcd. Throws what the file system throws. */
export function readContent(path: string): SnapshotContent | undefined {
  const file = openSync(path, 'r');
  try {
    return contentOf(
      openBolt((offset, length) => {
        const buffer = Buffer.alloc(length);
        return buffer.subarray(0, readSync(file, buffer, 0, length, offset));
      }),
    );
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('E') && 'syscall' in cause)
      throw cause;
    return undefined;
  } finally {
    closeSync(file);
  }
}

function contentOf(bolt: Bolt): SnapshotContent {
  const cluster = new Map(
    [...bolt.entries('cluster')].map(([key, value]) => [key.toString(), value.toString()]),
  );
  const members = [...bolt.entries('members')].map(([, value]) => {
    const { name, peerURLs } = JSON.parse(value.toString()) as { name?: string; peerURLs?: string[] };
    return { name: name ?? '', peerURLs: peerURLs ?? [] };
  });
  const { clusterInfo, kubeadmConfig } = objectsOf(bolt);
  const kubernetes = /kubernetesVersion: "?(v\d+\.\d+\.\d+)/.exec(kubeadmConfig?.toString('latin1') ?? '');
  return {
    revision: Number(bolt.lastKey('key')?.readBigUInt64BE(0) ?? 0n),
    etcdVersion: cluster.get('clusterVersion') ?? '',
    members: members.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(kubernetes?.[1] !== undefined && { kubernetesVersion: kubernetes[1] }),
    ...(clusterInfo && { clusterInfo }),
  };
}

/** The last values of two objects. The key of an entry is its revision, its value a KeyValue (etcd mvccpb/kv.proto). */
function objectsOf(bolt: Bolt): { readonly clusterInfo?: Buffer; readonly kubeadmConfig?: Buffer } {
  const found: { clusterInfo?: Buffer; kubeadmConfig?: Buffer } = {};
  for (const [, entry] of bolt.entries('key')) {
    if (entry[0] !== 0x0a) continue;
    const [length, start] = varint(entry, 1);
    const key = entry.toString('latin1', start, start + length);
    if (key.endsWith('/configmaps/kube-public/cluster-info')) found.clusterInfo = valueOf(entry);
    else if (key.endsWith('/configmaps/kube-system/kubeadm-config')) found.kubeadmConfig = valueOf(entry);
  }
  return found;
}

/** Field 5 of a KeyValue; empty if it was deleted. */
function valueOf(entry: Buffer): Buffer {
  let at = 0;
  while (at < entry.length) {
    const tag = entry[at] ?? 0;
    const [number, next] = varint(entry, at + 1);
    if (tag === 0x2a) return Buffer.from(entry.subarray(next, next + number));
    at = (tag & 7) === 2 ? next + number : next;
  }
  return Buffer.alloc(0);
}

/** A base-128 number at `at`, and where it ends. */
function varint(bytes: Buffer, at: number): readonly [number: number, next: number] {
  let number = 0;
  let scale = 1;
  for (let next = at; next < bytes.length; next++, scale *= 128) {
    const byte = bytes[next] ?? 0;
    number += (byte & 127) * scale;
    if (byte < 128) return [number, next + 1];
  }
  return [number, bytes.length];
}
