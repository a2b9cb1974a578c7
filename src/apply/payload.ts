import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { fillPlaceholders, type PlaceholderName } from '../resource/placeholder.ts';
import type { Payload } from '../resource/types.ts';
import type { EtcdCredentials } from '../etcd/client.ts';
import type { KubeCredentials } from '../kube/client.ts';
import type { PayloadBytes } from './session.ts';

/** What a plan names and only the operator's disk holds. */
export interface Materials {
  /** Bytes of a secret by its name in the plan. Throws KbootError E-STATE when the state has none. */
  secret(name: string): string | Buffer;
  /** A public fact that is issued with the PKI. */
  fact(name: PlaceholderName): string;
  /** Credentials of kboot itself for the API (super-admin: works before any RBAC object is there). */
  kubeCredentials(): KubeCredentials;
  /** A client certificate that the etcd member on `host` accepts. */
  etcdCredentials(host: string): EtcdCredentials;
  /** The bundle's folder, if one is used. */
  readonly bundle: string | undefined;
}

/** The bytes that a payload stands for. */
export function payloadBytes(payload: Payload, materials: Materials): PayloadBytes {
  const { content } = payload;
  switch (content.kind) {
    case 'text':
      return buffer(fillPlaceholders(content.text, (name) => materials.fact(name)));
    case 'secret':
      return buffer(materials.secret(content.name));
    case 'artifact': {
      const { source, title } = content.artifact;
      const { bundle } = materials;
      if (source.kind !== 'bundle' || bundle === undefined)
        throw new KbootError('E-BUNDLE', `${title} comes from a bundle, and none was named`, {
          remedy: 'Give the bundle that the plan was made with: --bundle DIR.',
        });
      return {
        kind: 'stream',
        size: source.size,
        open: () => createReadStream(join(bundle, source.path), { highWaterMark: 1 << 18 }),
      };
    }
  }
}

function buffer(content: string | Buffer): PayloadBytes {
  return { kind: 'buffer', bytes: typeof content === 'string' ? Buffer.from(content) : content };
}
