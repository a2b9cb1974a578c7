import { plain, type StoredAs } from '../model/encryption.ts';
import type { EtcdClient } from './client.ts';

type Values = Pick<EtcdClient, 'allBetween' | 'values' | 'countKeys'>;

/** How a value is stored, by the prefix that an API server writes before an encrypted one. */
export function storedAs(value: Buffer): StoredAs {
  const start = value.subarray(0, 400).toString('latin1');
  const [, provider, key] = /^k8s:enc:([a-z0-9]+):v\d+:([^:]+):/.exec(start) ?? [];
  if (provider !== undefined && key !== undefined) return `${provider}:${key}`;
  return start.startsWith('k8s:enc:') ? `unknown:${start.slice(8, 40).replaceAll(/[^ -~]/g, '?')}` : plain;
}

/**
 * How the values below a prefix are stored, and how many in each way. `expected`: the way that all of them probably have;
 * if so, no value is transferred.
 */
export async function countStored(
  etcd: Values,
  prefix: string,
  expected: StoredAs,
): Promise<ReadonlyMap<StoredAs, number>> {
  const { from, before } = bounds(expected);
  if (await etcd.allBetween(prefix, from, before))
    return new Map([[expected, (await etcd.countKeys(prefix)).keys]]);
  const counts = new Map<StoredAs, number>();
  for await (const value of etcd.values(prefix)) {
    const how = storedAs(value);
    counts.set(how, (counts.get(how) ?? 0) + 1);
  }
  return counts;
}

/** What values that are stored so sort between; not encrypted ones start with `k8s` and a zero byte (protobuf). */
function bounds(how: StoredAs): { readonly from: string; readonly before: string } {
  if (how === plain) return { from: 'k8s\0', before: 'k8s\u0001' };
  const [provider = '', ...key] = how.split(':');
  const start = `k8s:enc:${provider}:${provider === 'kms' ? 'v2' : 'v1'}:${key.join(':')}`;
  return { from: `${start}:`, before: `${start};` };
}
