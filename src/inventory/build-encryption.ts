import { encryptableResources, type Encryption } from '../model/encryption.ts';
import { given } from './build-value.ts';
import { defaults } from './defaults.ts';
import type { Inventory } from './schema.ts';

/** `spec.encryption` with every default filled in. */
export function buildEncryption({
  provider,
  key = defaults.encryptionKey,
  resources = ['secrets'],
  kms,
}: NonNullable<Inventory['spec']['encryption']>): Encryption {
  return {
    provider,
    key: kms === undefined ? key : (kms.name ?? defaults.kmsName),
    resources: encryptableResources.filter((each) => resources.includes(each)),
    ...given('kms', kms && { endpoint: kms.endpoint, timeout: kms.timeout ?? defaults.kmsTimeout }),
  };
}
