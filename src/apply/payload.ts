import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { fillPlaceholders, type PlaceholderName } from '../resource/placeholder.ts';
import { spreadFolder } from '../resource/prelude.ts';
import type { Payload } from '../resource/types.ts';
import type { EtcdCredentials } from '../etcd/client.ts';
import type { KubeCredentials } from '../kube/client.ts';
import type { HeldBytes, PayloadBytes } from './session.ts';
import { remedies } from './remedies.ts';

/** Data that a plan refers to by name and that only the operator's disk has. */
export interface Materials {
  /** Bytes of a secret by its name in the plan. Throws KbootError E-STATE if the state folder does not have it. */
  secret(name: string): string | Buffer;
  /** A public fact that is derived from the issued PKI. */
  fact(name: PlaceholderName): string;
  /** kboot's own credentials for the API (super-admin: works before any RBAC object exists). */
  kubeCredentials(): KubeCredentials;
  /** A client certificate that the etcd member on `host` accepts. */
  etcdCredentials(host: string): EtcdCredentials;
  /** A snapshot of etcd by its path; null: the one that this run took. Throws KbootError E-STATE if it is not there. */
  snapshot(file: string | null): { readonly path: string; readonly size: number };
  /** The bundle's folder, if one is used. */
  readonly bundle: string | undefined;
}

/** The bytes of a payload. `arrived`: whether a file of the spread has come to the host, by its SHA-256; undefined: it is not spread. */
export function payloadBytes(
  payload: Payload,
  materials: Materials,
  arrived: (sha256: string) => Promise<boolean> | undefined = () => undefined,
): PayloadBytes | undefined {
  const { content } = payload;
  if (content.kind !== 'artifact') return ownBytes(content, materials);
  const { sha256, source } = content.artifact;
  const otherwise = source.kind === 'download' ? undefined : ownBytes(content, materials);
  const arrives = arrived(sha256);
  if (arrives === undefined) return otherwise;
  return { kind: 'held', path: `${spreadFolder}/${sha256}`, arrived: arrives, otherwise };
}

function ownBytes(content: Payload['content'], materials: Materials): Exclude<PayloadBytes, HeldBytes> {
  switch (content.kind) {
    case 'text':
      return buffer(fillPlaceholders(content.text, (name) => materials.fact(name)));
    case 'secret':
      return buffer(materials.secret(content.name));
    case 'snapshot': {
      const { path, size } = materials.snapshot(content.file);
      return { kind: 'stream', size, open: () => createReadStream(path, { highWaterMark: 1 << 18 }) };
    }
    case 'artifact': {
      const { source, title } = content.artifact;
      const { bundle } = materials;
      if (source.kind !== 'bundle' || bundle === undefined)
        throw new KbootError('E-BUNDLE', `${title} comes from a bundle, but no bundle was specified`, {
          remedy: remedies.sameBundle,
        });
      return {
        kind: 'stream',
        size: source.size,
        open: () => createReadStream(join(bundle, source.path), { highWaterMark: 1 << 18 }),
      };
    }
  }
}

function buffer(content: string | Buffer): Exclude<PayloadBytes, HeldBytes> {
  return { kind: 'buffer', bytes: typeof content === 'string' ? Buffer.from(content) : content };
}
