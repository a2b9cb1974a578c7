/** Providers whose keys kboot makes, and `kms`, whose keys a plugin on the control planes has. */
export const encryptionProviders = ['secretbox', 'aescbc', 'aesgcm', 'kms'] as const;
export type EncryptionProvider = (typeof encryptionProviders)[number];

/** Resources whose objects can be encrypted in etcd. */
export const encryptableResources = ['secrets', 'configmaps'] as const;
export type EncryptableResource = (typeof encryptableResources)[number];

/** spec.encryption: how objects are written to etcd. */
export interface Encryption {
  readonly provider: EncryptionProvider;
  /** Name of the key; of a KMS plugin, its name. */
  readonly key: string;
  readonly resources: readonly EncryptableResource[];
  readonly kms?: KmsPlugin;
}

export interface KmsPlugin {
  /** `unix:///run/kms/socket.sock` */
  readonly endpoint: string;
  /** `3s` */
  readonly timeout: string;
}

/** How a value is stored in etcd: `identity` (as it is), or by provider and key, such as `secretbox:key1`. */
export type StoredAs = string;
export const plain: StoredAs = 'identity';

/** The flag of kube-apiserver that names the file. */
export const encryptionFlag = 'encryption-provider-config';

/** In the folder of the PKI, which kube-apiserver mounts, and which is backed up with it. */
export const encryptionPath = '/etc/kubernetes/pki/encryption-config.yaml';

/** What an API server encrypts or decrypts with. */
export type KeyMaterial =
  | { readonly kind: 'key'; /** 32 bytes in base64. */ readonly secret: string }
  | ({ readonly kind: 'kms' } & KmsPlugin);

/** Keys by StoredAs. */
export type EncryptionKeys = ReadonlyMap<StoredAs, KeyMaterial>;

/**
 * The providers of an API server by resource, in order: the first one writes, all of them can read. A resource that is
 * not in it is stored as it is.
 */
export type EncryptionConfig = Readonly<Partial<Record<EncryptableResource, readonly StoredAs[]>>>;

type Stated = { readonly encryption?: Encryption };

/** How the objects of a resource are to be stored. */
export function wantedFor({ encryption }: Stated, resource: EncryptableResource): StoredAs {
  if (encryption?.resources.includes(resource) !== true) return plain;
  return `${encryption.provider}:${encryption.key}`;
}

/** The configuration of an API server once everything in etcd is stored as the inventory states. */
export function finalConfig(cluster: Stated): EncryptionConfig {
  return Object.fromEntries(
    encryptableResources.flatMap((resource) => {
      const wanted = wantedFor(cluster, resource);
      return wanted === plain ? [] : [[resource, [wanted, plain]]];
    }),
  );
}

/** Whether an API server needs a file for a configuration. */
export function isEmptyConfig(config: EncryptionConfig): boolean {
  return Object.keys(config).length === 0;
}

/** `secrets=secretbox:key2,secretbox:key1,identity`: the same text for the same configuration. */
export function configText(config: EncryptionConfig): string {
  return encryptableResources
    .flatMap((resource) =>
      config[resource] === undefined ? [] : [`${resource}=${config[resource].join(',')}`],
    )
    .join(';');
}

/** The configuration that configText gave a text for. */
export function parseConfigText(text: string): EncryptionConfig {
  const stated = new Map(
    text.split(';').map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, at), part.slice(at + 1).split(',')] as const;
    }),
  );
  return Object.fromEntries(
    encryptableResources.flatMap((resource) => {
      const list = stated.get(resource);
      return list === undefined ? [] : [[resource, list]];
    }),
  );
}

/** Every key in configurations. */
export function keysOf(configs: Iterable<EncryptionConfig>): ReadonlySet<StoredAs> {
  return new Set(
    [...configs].flatMap((config) => Object.values(config).flat()).filter((key) => key !== plain),
  );
}

/** The path of a key in the state folder: `encryption/secretbox-key1.key`. */
export function keyPath(key: StoredAs): string {
  return `encryption/${key.replace(':', '-')}.key`;
}

/** The keys that the inventory names and that do not exist yet. */
export function missingKeys(cluster: Stated, keys: EncryptionKeys): readonly StoredAs[] {
  return [...keysOf([finalConfig(cluster)])].filter((key) => !keys.has(key));
}
