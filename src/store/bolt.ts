/**
 * Reads a bbolt database, the format of etcd's `member/snap/db` and of its snapshots (go.etcd.io/bbolt, page.go,
 * bucket.go, db.go). Numbers are little-endian, as on every machine that kboot supports.
 */
export interface Bolt {
  /** Keys and values of a bucket of the root, in order; none if there is no such bucket. */
  entries(bucket: string): Iterable<readonly [key: Buffer, value: Buffer]>;
  /** The greatest key of a bucket. */
  lastKey(bucket: string): Buffer | undefined;
}

/** `length` bytes of the file at `offset`; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

const magic = 0xed0cdaed;
const pageHeader = 16;
const branchPage = 0x01;
const leafPage = 0x02;
const bucketEntry = 0x01;
/** Pages from the root of a bucket to a leaf; a sound database of 8 GiB has 5. */
const maxDepth = 30;

/** Opens a database; throws Error if it is not one. The iterators throw Error for a damaged page. */
export function openBolt(read: ReadAt): Bolt {
  const { pageSize, root } = newestMeta(read);
  const readPage = (id: number): Buffer => {
    const first = read(id * pageSize, pageSize);
    if (first.length < pageHeader) throw new Error(`page ${id} is missing`);
    const overflow = first.readUInt32LE(12);
    return overflow === 0 ? first : read(id * pageSize, pageSize * (overflow + 1));
  };
  const bucketPage = (name: string): Buffer | undefined => {
    for (const { flags, key, value } of walk(readPage(root), readPage, 0)) {
      if ((flags & bucketEntry) === 0 || key.toString('latin1') !== name) continue;
      const page = Number(value.readBigUInt64LE(0));
      // A small bucket is in its own entry, after its header.
      return page === 0 ? value.subarray(16) : readPage(page);
    }
    return undefined;
  };
  return {
    *entries(name) {
      const page = bucketPage(name);
      if (page !== undefined) for (const { key, value } of walk(page, readPage, 0)) yield [key, value];
    },
    lastKey(name) {
      let page = bucketPage(name);
      for (let depth = 0; page !== undefined && depth < maxDepth; depth++) {
        const last = page.readUInt16LE(10) - 1;
        if (last < 0) return undefined;
        if (isLeaf(page)) return leafAt(page, last).key;
        page = readPage(childAt(page, last));
      }
      return undefined;
    },
  };
}

interface Meta {
  readonly pageSize: number;
  /** Page of the root bucket. */
  readonly root: number;
  readonly transaction: bigint;
}

/** Of the two copies that transactions write alternately, the newer valid one. */
function newestMeta(read: ReadAt): Meta {
  const first = metaAt(read(0, pageHeader + 64));
  // If the first copy is damaged, the page size is not known: it is a power of two from 1 KiB to 64 KiB.
  const sizes = first === undefined ? [1024, 2048, 4096, 8192, 16384, 32768, 65536] : [first.pageSize];
  const others = sizes.map((size) => metaAt(read(size, pageHeader + 64)));
  const [newest] = [first, ...others]
    .filter((meta) => meta !== undefined)
    .sort((a, b) => (a.transaction > b.transaction ? -1 : 1));
  if (newest === undefined) throw new Error('it is not a database of etcd');
  return newest;
}

function metaAt(page: Buffer): Meta | undefined {
  if (page.length < pageHeader + 64 || page.readUInt32LE(pageHeader) !== magic) return undefined;
  const meta = page.subarray(pageHeader, pageHeader + 64);
  if (meta.readBigUInt64LE(56) !== fnv64a(meta.subarray(0, 56))) return undefined;
  return {
    pageSize: meta.readUInt32LE(8),
    root: Number(meta.readBigUInt64LE(16)),
    transaction: meta.readBigUInt64LE(48),
  };
}

/** FNV-1a, 64 bit: bbolt's checksum of a meta page. */
function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

interface Entry {
  readonly flags: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The entries of the leaves below a page, in order. */
function* walk(page: Buffer, readPage: (id: number) => Buffer, depth: number): Generator<Entry> {
  if (depth > maxDepth) throw new Error('its pages form a loop');
  const count = page.readUInt16LE(10);
  const leaf = isLeaf(page);
  for (let index = 0; index < count; index++)
    if (leaf) yield leafAt(page, index);
    else yield* walk(readPage(childAt(page, index)), readPage, depth + 1);
}

function isLeaf(page: Buffer): boolean {
  const flags = page.readUInt16LE(8);
  if ((flags & (branchPage | leafPage)) === 0) throw new Error('a page has an unknown type');
  return (flags & leafPage) !== 0;
}

function leafAt(page: Buffer, index: number): Entry {
  const at = pageHeader + index * 16;
  const start = at + page.readUInt32LE(at + 4);
  const end = start + page.readUInt32LE(at + 8);
  return {
    flags: page.readUInt32LE(at),
    key: page.subarray(start, end),
    value: page.subarray(end, end + page.readUInt32LE(at + 12)),
  };
}

function childAt(page: Buffer, index: number): number {
  return Number(page.readBigUInt64LE(pageHeader + index * 16 + 8));
}
