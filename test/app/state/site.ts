import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CopySite } from '../../../src/app/state/copy.ts';
import { newIdentity, publicKeyOf } from '../../../src/store/age.ts';
import type { Cluster } from '../../../src/model/cluster.ts';

export const clusterId = `sha256:${'a'.repeat(64)}`;

/** Files of a state folder. */
export const sample: Readonly<Record<string, string>> = {
  'cluster-id': `${clusterId}\n`,
  'pki/ca.crt': 'certificate\n',
  'pki/ca.key': 'key\n',
  'pki/hosts/cp-1/apiserver.key': 'another key\n',
  'encryption/secretbox-key1.key': 'secret\n',
};

export interface Person {
  readonly identity: string;
  readonly recipient: string;
}

export async function newPerson(): Promise<Person> {
  const identity = await newIdentity();
  return { identity, recipient: await publicKeyOf(identity) };
}

/** Writes an identity file that only its owner can read. */
export function identityFile(path: string, ...people: readonly Person[]): string {
  writeFileSync(path, `# created for a test\n${people.map(({ identity }) => identity).join('\n')}\n`, {
    mode: 0o600,
  });
  return path;
}

export function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, path), text, { mode: 0o600 });
  }
}

/** Every file of a folder, with its content; what kboot keeps for itself is left out. */
export function tree(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(dir.length + 1);
    if (!entry.isFile() || ['.gitignore', 'copy.json'].includes(path)) continue;
    found[path] = readFileSync(join(dir, path), 'utf8');
    if ((statSync(join(dir, path)).mode & 0o077) !== 0) throw new Error(`${path} can be read by others`);
  }
  return found;
}

export function siteOf(dir: string, target: string, recipients: readonly string[], name = 'prod'): CopySite {
  return { cluster: { name } as Cluster, inventoryFile: 'prod.yaml', dir, target, recipients };
}
