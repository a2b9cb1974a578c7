import { bech32 } from '@scure/base';
import * as z from 'zod';
import { filePath, text } from './fields.ts';

/** A public key of age; the checksum in it finds any mistyped letter. */
function publicKey(value: string): string | undefined {
  if (/^(AGE-SECRET-KEY-)/i.test(value))
    return 'must be a public key (age1…); this is a secret key, which belongs in no inventory: make a new one';
  if (/^(ssh-|age1[a-z]+1)/.test(value))
    return 'must be a public key that age-keygen printed (age1…); keys of SSH, of plugins and post-quantum ones are not supported';
  try {
    const { prefix, bytes } = bech32.decodeToBytes(value);
    if (prefix === 'age' && bytes.length === 32) return undefined;
  } catch {
    // Said below.
  }
  return `must be a public key of age, as age-keygen prints it (age1 and 58 more characters), not "${value}"`;
}

/** `spec.state`: how the state folder on the operator's machine is kept. */
export const state = z
  .strictObject({
    recipients: z
      .array(
        text(
          {
            description: 'A public key of age, one for each person or machine that may decrypt.',
            examples: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
          },
          publicKey,
        ),
      )
      .meta({
        description:
          'Who can decrypt the copy and the private keys. Default: everybody who knows the passphrase (asked for, KBOOT_STATE_PASSPHRASE, or the file KBOOT_STATE_PASSPHRASE_FILE).',
        default: [],
      })
      .optional(),
    encryptKeys: z
      .boolean()
      .meta({
        description:
          'Whether the private keys in the state folder are encrypted too, for the same recipients or with a passphrase. kboot decrypts them in memory. A change is made by the next `up`, or at once by `kboot state rekey INVENTORY`.',
        default: false,
      })
      .optional(),
    copy: text(
      {
        description:
          "File that `kboot state push INVENTORY` writes and `kboot state pull INVENTORY` reads, for example in a git repository or on a shared disk; a relative path is resolved from the inventory's folder. If it is set, `up` refuses to work with an outdated state folder, and pushes when it has changed it.",
        examples: ['prod.state.age'],
      },
      filePath,
    ).optional(),
  })
  .meta({
    description:
      "The state folder, which has the cluster's keys: an encrypted copy of it for a team, and its keys encrypted at rest. Nothing on hosts depends on this.",
  })
  .optional();
