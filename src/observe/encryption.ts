import {
  encryptionFlag,
  encryptionPath,
  type EncryptableResource,
  type EncryptionConfig,
  type StoredAs,
} from '../model/encryption.ts';
import type { FileFound } from '../resource/digests.ts';
import { manifestPath } from '../resource/static-pod.ts';
import { quote } from '../model/shell.ts';
import type { Reader } from '../transport/types.ts';

/** The encryption of one API server, as its host has it. Holds keys: it is never shown. */
export interface EncryptionFiles {
  /** Whether the host has the manifest of an API server. */
  readonly isServer: boolean;
  /** The file that its flag names; empty: without the flag. */
  readonly flag: string;
  /** kboot's file, used or not; undefined: there is none. */
  readonly file: (FileFound & { readonly text: string }) | undefined;
}

const flagOf = (manifest: string): string =>
  `grep -o -e '--${encryptionFlag}=[^ "]*' ${manifest} 2>/dev/null | head -n 1 | cut -d= -f2-`;

/** Reads what the API server of a host encrypts with; undefined if the answer is not complete. One exec. */
export async function readEncryptionFiles(reader: Reader): Promise<EncryptionFiles | undefined> {
  const manifest = manifestPath('kube-apiserver');
  const path = quote(encryptionPath);
  const script = `[ ! -f ${manifest} ] || echo server=1
echo "flag=$(${flagOf(manifest)})"
if [ -f ${path} ]; then echo "file=$(stat -L -c %a -- ${path}) $(sha256sum < ${path} | cut -c1-64) $(base64 -w 0 < ${path})"; fi
echo end=1`;
  const { stdout } = await reader.read(script, { timeoutMs: 30_000 });
  const value = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1];
  if (value('end') === undefined) return undefined;
  const [mode = '', digest = '', bytes = ''] = value('file')?.split(' ') ?? [];
  return {
    isServer: value('server') !== undefined,
    flag: value('flag') ?? '',
    file: digest === '' ? undefined : { mode, digest, text: Buffer.from(bytes, 'base64').toString('utf8') },
  };
}

/** What is known of encryption in a cluster, without any key. */
export interface EncryptionObservation {
  /** Control planes that were read. */
  readonly servers: ReadonlyMap<string, ServerEncryptionSeen>;
  /** How the objects of each resource are stored, and how many in each way; undefined: etcd did not answer. */
  readonly stored: Stored | undefined;
  /** Keys of hosts that have the name of another key in the state folder. */
  readonly conflicts: readonly { readonly host: string; readonly key: StoredAs }[];
}

export type Stored = ReadonlyMap<EncryptableResource, ReadonlyMap<StoredAs, number>>;

export interface ServerEncryptionSeen {
  readonly isServer: boolean;
  /** Whose file its API server was started with. */
  readonly uses: 'nothing' | 'kboot' | 'other';
  /** The configuration in kboot's file; undefined: there is none, or it is not one of kboot's. */
  readonly config: EncryptionConfig | undefined;
  /** SHA-256 of kboot's file, used or not; undefined: there is none. */
  readonly digest: string | undefined;
}
