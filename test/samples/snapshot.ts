import { createHash } from 'node:crypto';

const pageSize = 4096;

export interface SnapshotSample {
  /** Keys of the API with their values; each is a revision of its own, from 1 on. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Entries of etcd's other buckets. */
  readonly buckets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The revision of the last object; default: their number. */
  readonly revision?: number;
}

/** A database as bbolt writes it, with the hash that a snapshot has at its end. */
export function snapshotBytes(sample: SnapshotSample = {}): Buffer {
  const database = databaseBytes(sample);
  return Buffer.concat([database, createHash('sha256').update(database).digest()]);
}

/** The database alone: a file `member/snap/db`. */
function databaseBytes({ objects = {}, buckets = {}, revision }: SnapshotSample): Buffer {
  const entries = Object.entries(objects);
  const first = (revision ?? entries.length) - entries.length + 1;
  const keys = entries.map(([key, value], index): Entry => [
    revisionKey(first + index),
    keyValue(key, value),
  ]);
  const half = Math.ceil(keys.length / 2);
  // A branch over two leaves: as a bucket that grew.
  const pages = [leaf(keys.slice(0, half)), leaf(keys.slice(half))];
  const root = leaf(
    [
      ['key', bucketAt(4)] as const,
      ...Object.entries(buckets).map(
        ([name, content]) =>
          [
            name,
            Buffer.concat([
              bucketAt(0),
              leaf(Object.entries(content).map(([key, value]): Entry => [key, Buffer.from(value)])),
            ]),
          ] as const,
      ),
    ]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]): Entry => [name, value, 1]),
  );
  const branch = header(1, 2);
  branch.writeUInt32LE(32, 16);
  branch.writeBigUInt64LE(5n, 24);
  branch.writeUInt32LE(16, 32);
  branch.writeBigUInt64LE(6n, 40);
  const freelist = header(0x10, 0);
  return Buffer.concat([meta(0, 1), meta(1, 2), freelist, root, branch, ...pages].map(padded));
}

type Entry = readonly [key: string | Buffer, value: Buffer, flags?: number];

function leaf(entries: readonly Entry[]): Buffer {
  const page = header(2, entries.length, 16 + entries.length * 16);
  const data: Buffer[] = [];
  let at = page.length;
  entries.forEach(([key, value, flags = 0], index) => {
    const name = Buffer.from(key);
    const element = 16 + index * 16;
    page.writeUInt32LE(flags, element);
    page.writeUInt32LE(at - element, element + 4);
    page.writeUInt32LE(name.length, element + 8);
    page.writeUInt32LE(value.length, element + 12);
    data.push(name, value);
    at += name.length + value.length;
  });
  const all = Buffer.concat([page, ...data]);
  all.writeUInt32LE(Math.max(0, Math.ceil(all.length / pageSize) - 1), 12);
  return all;
}

function header(flags: number, count: number, length = 48): Buffer {
  const page = Buffer.alloc(length);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
  return page;
}

function bucketAt(page: number): Buffer {
  const value = Buffer.alloc(16);
  value.writeBigUInt64LE(BigInt(page));
  return value;
}

/** The copy with the greater transaction has the true root; the other one has none. */
function meta(id: number, transaction: number): Buffer {
  const page = header(4, 0, 80);
  page.writeUInt32LE(0xed0cdaed, 16);
  page.writeUInt32LE(2, 20);
  page.writeUInt32LE(pageSize, 24);
  page.writeBigUInt64LE(id === 1 ? 3n : 2n, 32);
  page.writeBigUInt64LE(BigInt(transaction), 64);
  let hash = 0xcbf29ce484222325n;
  for (const byte of page.subarray(16, 72)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  page.writeBigUInt64LE(hash, 72);
  return page;
}

function padded(page: Buffer): Buffer {
  return Buffer.concat([page, Buffer.alloc((pageSize - (page.length % pageSize)) % pageSize)]);
}

function revisionKey(revision: number): Buffer {
  const key = Buffer.alloc(17);
  key.writeBigUInt64BE(BigInt(revision));
  key.write('_', 8);
  return key;
}

/** etcd's mvccpb.KeyValue: key, revisions, value. */
function keyValue(key: string, value: string): Buffer {
  const field = (tag: number, text: string): Buffer => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([tag, (bytes.length & 127) | 128, bytes.length >> 7]), bytes]);
  };
  return Buffer.concat([
    field(0x0a, key),
    Buffer.from([0x10, 5, 0x18, 0x96, 1, 0x20, 1]),
    field(0x2a, value),
  ]);
}
