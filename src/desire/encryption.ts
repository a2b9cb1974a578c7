import { dirname } from 'node:path/posix';
import type { Host } from '../model/cluster.ts';
import { sha256 } from '../model/digest.ts';
import {
  configText,
  encryptionPath,
  finalConfig,
  isEmptyConfig,
  keysOf,
  parseConfigText,
  type EncryptionConfig,
  type EncryptionKeys,
} from '../model/encryption.ts';
import { podProcess } from '../resource/static-pod.ts';
import type { Content, FileResource } from '../resource/types.ts';
import type { Desire } from './context.ts';
import { encryptionText } from './text/encryption.ts';

const none: EncryptionKeys = new Map();

/** The configuration of a host's API server: the one decided for it, or that of a new cluster. */
export function encryptionOf({ cluster, encryption }: Desire, host: Host): EncryptionConfig {
  return encryption?.get(host.name) ?? finalConfig(cluster);
}

/** Folders of the host with the sockets of KMS plugins that an API server connects to. */
export function kmsFolders({ encryptionKeys = none }: Desire, config: EncryptionConfig): readonly string[] {
  const folders = [...keysOf([config])].flatMap((key) => {
    const material = encryptionKeys.get(key);
    return material?.kind === 'kms' ? [dirname(material.endpoint.replace(/^unix:\/\//, ''))] : [];
  });
  return [...new Set(folders)];
}

/** The file of an API server with that configuration; undefined if it needs none. */
export function encryptionFile(desire: Desire, config: EncryptionConfig): FileResource | undefined {
  if (isEmptyConfig(config)) return undefined;
  return {
    kind: 'file',
    stage: 'control-plane',
    path: encryptionPath,
    mode: '600',
    content: encryptionContent(config, desire.encryptionKeys ?? none),
    readBy: [podProcess('kube-apiserver')],
  };
}

const contentName = 'encryption-config ';

/** By a name that says what is in it, and digest; null while a key of it is not made yet. */
function encryptionContent(config: EncryptionConfig, keys: EncryptionKeys): Content & { kind: 'secret' } {
  const isComplete = [...keysOf([config])].every((key) => keys.has(key));
  return {
    kind: 'secret',
    name: `${contentName}${configText(config)}`,
    digest: isComplete ? sha256(encryptionText(config, keys)) : null,
  };
}

/** The bytes of a content with this name; undefined if it is another one's name. Throws nothing. */
export function encryptionBytes(name: string, keys: EncryptionKeys): string | undefined {
  if (!name.startsWith(contentName)) return undefined;
  return encryptionText(parseConfigText(name.slice(contentName.length)), keys);
}
