import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { KbootError } from '../model/error.ts';
import type { SecurityProfile } from '../model/security.ts';
import type { ComponentCatalog } from './components/facts.ts';
import type { Environment } from './environment.ts';
import type { ReadHosts } from './hosts-from.ts';
import { parseInventory, type ParseResult } from './parse.ts';
import { loginName } from './login-name.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** What the catalog knows. */
interface Known {
  /** Kubernetes versions that can be installed, newest first; undefined: any. */
  readonly knownVersions: readonly string[] | undefined;
  readonly components: ComponentCatalog;
  /** Replaces spec.kubernetesVersion. */
  readonly kubernetesVersion?: string | undefined;
  /** Reads what spec.hostsFrom names. */
  readonly readHosts?: ReadHosts;
  /** What a cluster is if its inventory has no spec.security.profile. */
  readonly profileOf?: (clusterName: string) => SecurityProfile;
}

/** Parses the text of the inventory `file`: problems inside it are diagnostics. */
export function loadInventory(file: string, text: string, env: Environment, known: Known): ParseResult {
  const user = loginName();
  return parseInventory(text, {
    ...{ file, env, ...known, homeDirectory: homedir() },
    ...(user === undefined ? {} : { defaultUser: user }),
  });
}

/** Throws KbootError E-INVENTORY when the file cannot be read. */
export function readInventoryText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const [message, remedy] = reasons[code] ?? ['cannot be read', remedies.checkPath];
    throw new KbootError(
      'E-INVENTORY',
      `The inventory ${file} ${message}${code in reasons ? '' : ` (${code})`}.`,
      {
        remedy,
        cause,
      },
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const remedy = remedies.saveAsUtf8;
    throw new KbootError('E-INVENTORY', `The inventory ${file} is not UTF-8 text.`, { remedy, cause });
  }
}

const reasons: Readonly<Record<string, readonly [message: string, remedy: Text]>> = {
  ENOENT: ['does not exist', remedies.checkPathOrInit],
  ENOTDIR: ['does not exist', remedies.checkPathOrInit],
  EISDIR: ['is a folder', remedies.fileInside],
  EACCES: ['is not readable by you', remedies.changePermissions],
};
