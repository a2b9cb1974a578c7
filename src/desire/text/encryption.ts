import { parse } from 'yaml';
import {
  encryptableResources,
  plain,
  type EncryptionConfig,
  type EncryptionKeys,
  type KeyMaterial,
  type StoredAs,
} from '../../model/encryption.ts';

/**
 * EncryptionConfiguration of apiserver.config.k8s.io/v1. A key that is not there yet is represented by its name: the text
 * is complete when all keys are.
 */
export function encryptionText(config: EncryptionConfig, keys: EncryptionKeys): string {
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: EncryptionConfiguration',
    'resources:',
    ...encryptableResources.flatMap((resource) => {
      const list = config[resource];
      if (list === undefined) return [];
      return [
        '- resources:',
        `  - ${resource}`,
        '  providers:',
        ...list.flatMap((key) => provider(key, keys)),
      ];
    }),
    '',
  ].join('\n');
}

/** `secretbox:key1` → secretbox and key1 */
export function keyParts(key: StoredAs): { readonly provider: string; readonly name: string } {
  const at = key.indexOf(':');
  return { provider: key.slice(0, at), name: key.slice(at + 1) };
}

function provider(key: StoredAs, keys: EncryptionKeys): string[] {
  if (key === plain) return ['  - identity: {}'];
  const { provider: kind, name } = keyParts(key);
  const material = keys.get(key);
  if (kind === 'kms')
    return [
      '  - kms:',
      '      apiVersion: v2',
      `      name: ${name}`,
      `      endpoint: ${material?.kind === 'kms' ? material.endpoint : ''}`,
      `      timeout: ${material?.kind === 'kms' ? material.timeout : ''}`,
    ];
  return [
    `  - ${kind}:`,
    '      keys:',
    `      - name: ${name}`,
    `        secret: ${material?.kind === 'key' ? material.secret : ''}`,
  ];
}

/** A configuration, and its keys. */
export interface ParsedEncryption {
  readonly config: EncryptionConfig;
  readonly keys: EncryptionKeys;
}

interface RawProvider {
  readonly identity?: object;
  readonly kms?: { readonly name?: string; readonly endpoint?: string; readonly timeout?: string };
  readonly [provider: string]: unknown;
}

/** The configuration in a file; undefined if it is not one that kboot could have written. */
export function parseEncryption(text: string): ParsedEncryption | undefined {
  try {
    const { resources } = parse(text) as {
      readonly resources: readonly {
        readonly resources: readonly string[];
        readonly providers: RawProvider[];
      }[];
    };
    const keys = new Map<StoredAs, KeyMaterial>();
    const config: Partial<Record<string, readonly StoredAs[]>> = {};
    for (const { resources: names, providers } of resources)
      for (const name of names) {
        if (!encryptableResources.some((each) => each === name) || config[name] !== undefined)
          return undefined;
        config[name] = providers.flatMap((each) => storedAs(each, keys));
      }
    return { config, keys };
  } catch {
    return undefined;
  }
}

/** The ways of one provider, whose keys are added to `keys`. Throws if it is of another form. */
function storedAs(each: RawProvider, keys: Map<StoredAs, KeyMaterial>): readonly StoredAs[] {
  if (each.identity !== undefined) return [plain];
  if (each.kms !== undefined) {
    const { name, endpoint, timeout } = each.kms;
    if (name === undefined || endpoint === undefined) throw new Error('not complete');
    keys.set(`kms:${name}`, { kind: 'kms', endpoint, timeout: timeout ?? '3s' });
    return [`kms:${name}`];
  }
  return ['secretbox', 'aescbc', 'aesgcm'].flatMap((kind) => {
    const own = each[kind] as { readonly keys: readonly { name: string; secret: string }[] } | undefined;
    return (own?.keys ?? []).map(({ name, secret }) => {
      if (typeof name !== 'string' || typeof secret !== 'string') throw new Error('not complete');
      keys.set(`${kind}:${name}`, { kind: 'key', secret });
      return `${kind}:${name}`;
    });
  });
}
