import * as z from 'zod';
import { encryptableResources, encryptionProviders } from '../model/encryption.ts';
import { defaults } from './defaults.ts';
import { absoluteHostPath, dnsName, matching, text } from './fields.ts';

const kms = z
  .strictObject({
    endpoint: text(
      {
        description:
          'Socket on every control plane where your KMS plugin (v2) listens; its folder is mounted into kube-apiserver.',
        examples: ['unix:///run/kms/socket.sock'],
      },
      (value) =>
        value.startsWith('unix:///') && absoluteHostPath(value.slice('unix://'.length)) === undefined
          ? undefined
          : `must be unix:// and an absolute path, not "${value}"`,
    ),
    name: text(
      {
        description:
          'Name of the plugin in what is stored. Another name is another key: everything is rewritten.',
        default: defaults.kmsName,
      },
      dnsName,
    ).optional(),
    timeout: text(
      { description: 'How long a call of the plugin may take.', default: defaults.kmsTimeout },
      matching(/^[1-9][0-9]*(ms|s)$/, 'must be a duration such as 3s'),
    ).optional(),
  })
  .meta({ description: 'Your KMS plugin, for provider kms.' });

/** `spec.encryption`: how objects are stored in etcd. */
export const encryption = z
  .strictObject({
    provider: z.enum(encryptionProviders).meta({
      description:
        'How new values are written: with a key that kboot makes (secretbox is preferable; aescbc and aesgcm are for rules that demand AES), or by a KMS plugin of yours.',
    }),
    key: text(
      {
        description:
          'Name of the key that new values are written with. kboot makes a key that does not exist yet; another name rotates the key. Not for kms.',
        default: defaults.encryptionKey,
        examples: ['key2'],
      },
      dnsName,
    ).optional(),
    resources: z
      .array(z.enum(encryptableResources).meta({ description: 'A kind of objects, as the API names it.' }))
      .min(1, 'must list at least one resource')
      .meta({ description: 'The kinds of objects that are encrypted.', default: ['secrets'] })
      .optional(),
    kms: kms.optional(),
  })
  .meta({
    description:
      'Encryption of Secrets in etcd. A change is a plan of its own order: every API server can read the new key before the first one writes it, everything is rewritten, and only then the old key leaves. Without this field, everything is decrypted again.',
  })
  .optional();
