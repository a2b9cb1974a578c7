import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Cluster } from '../../model/cluster.ts';
import { sha256 } from '../../model/digest.ts';
import { KbootError } from '../../model/error.ts';
import type { CopyComparison } from '../../model/state-settings.ts';
import { decrypt, isAge, needsPassphrase } from '../../store/age.ts';
import { readSeen, type SeenCopy } from '../../store/copy-record.ts';
import { fileError, systemCode } from '../../store/file-error.ts';
import { unpackState, type AboutCopy } from '../../store/state-archive.ts';
import { digestOf, readStateFiles, type StateFiles } from '../../store/state-files.ts';
import { stateIdentities, statePassphrase } from '../../store/state-secret.ts';
import { defaultStateDir, type State } from '../../store/state.ts';
import { readInventory } from '../read-inventory.ts';
import { remedies } from '../remedies.ts';

/** A state folder, and the file of its copy. */
export interface CopySite {
  readonly cluster: Cluster;
  readonly inventoryFile: string;
  readonly dir: string;
  readonly target: string;
  readonly recipients: readonly string[];
}

/** Both as they are now. */
export interface ReadCopy {
  readonly files: StateFiles;
  /** Digest of `files`. */
  readonly content: string;
  /** The copy; undefined if it does not exist. */
  readonly bytes: Buffer | undefined;
  readonly sha256: string | undefined;
  readonly seen: SeenCopy | undefined;
}

interface SiteOptions {
  readonly inventory: string;
  readonly state?: string | undefined;
  /** Instead of spec.state.copy. */
  readonly file?: string | undefined;
}

/** Throws KbootError E-INVENTORY, and E-USAGE if no file is named. */
export async function copySite(options: SiteOptions): Promise<CopySite> {
  const { inventory, state } = options;
  const site = statedCopy(options, await readInventory(inventory, { withoutFiles: true, state }));
  if (site !== undefined) return site;
  throw new KbootError('E-USAGE', 'the file of the copy is not named', {
    remedy: remedies.nameCopy,
  });
}

/** Undefined if the inventory has no spec.state.copy. */
export function statedCopy(
  options: SiteOptions,
  { cluster }: { readonly cluster: Cluster },
): CopySite | undefined {
  const target = options.file === undefined ? cluster.state?.copy : resolve(options.file);
  const dir = resolve(options.state ?? defaultStateDir(options.inventory, cluster.name));
  if (target === undefined) return undefined;
  if (!relative(dir, target).startsWith('..'))
    throw new KbootError('E-USAGE', `${target} is inside the state folder ${dir}`, {
      remedy: remedies.copyElsewhere,
    });
  return {
    cluster,
    inventoryFile: options.inventory,
    dir,
    target,
    recipients: cluster.state?.recipients ?? [],
  };
}

/** Reads the folder and the copy, without decrypting it. Throws KbootError E-STATE. */
export async function readCopy({ dir, target }: CopySite): Promise<ReadCopy> {
  const files = await readStateFiles({ dir });
  const bytes = await readFile(target).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw fileError('The copy of the state folder cannot be read', target, cause);
  });
  const now = bytes && sha256(bytes);
  return { files, content: digestOf(files), bytes, sha256: now, seen: await readSeen({ dir }, now) };
}

/** Which of both has changed since the last push or pull. */
export function compare(
  { content, bytes, sha256: now, seen, files }: ReadCopy,
  recipients: readonly string[],
): CopyComparison {
  if (bytes === undefined) return 'absent';
  if (seen === undefined) return files.size === 0 ? 'copy-changed' : 'unrelated';
  const folder = content !== seen.content;
  if (now !== seen.sha256) return folder && files.size > 0 ? 'both-changed' : 'copy-changed';
  if (folder) return 'folder-changed';
  return recipients.join() === seen.recipients.join() ? 'same' : 'recipients-changed';
}

/** Decrypts a copy, and checks it. `identity`: a file, instead of KBOOT_STATE_IDENTITY. Throws KbootError E-STATE-COPY, E-STATE-KEY. */
export async function openCopy(
  { cluster, target, dir }: CopySite,
  bytes: Buffer,
  { files }: Pick<ReadCopy, 'files'>,
  identity?: string,
): Promise<{ readonly about: AboutCopy; readonly files: StateFiles }> {
  refuseOther(target, bytes);
  const secret = needsPassphrase(bytes) ? await statePassphrase(target) : stateIdentities(target, identity);
  const copy = await unpackState(await decrypt(bytes, secret, target), target);
  const { about } = copy;
  const here = files.get('cluster-id')?.toString().trim();
  const there = copy.files.get('cluster-id')?.toString().trim();
  if (about.cluster !== cluster.name || (here !== undefined && there !== undefined && here !== there))
    throw new KbootError(
      'E-STATE-COPY',
      about.cluster === cluster.name
        ? `${target} is of another cluster named ${cluster.name}: its ID is ${there ?? ''}, that of ${dir} is ${here ?? ''}`
        : `${target} is of cluster ${about.cluster}, not of ${cluster.name}`,
      { remedy: remedies.fileOfCluster },
    );
  return copy;
}

/** Throws KbootError E-STATE-COPY for a file that is not of age: it would be lost. */
export function refuseOther(target: string, bytes: Uint8Array): void {
  if (isAge(bytes)) return;
  throw new KbootError('E-STATE-COPY', `${target} is not a file of age; it was not changed`, {
    remedy: remedies.overwrittenCopy,
  });
}

/** Keeps others from writing the copy at the same time. */
export const lockOfCopy = (target: string): Pick<State, 'lock'> => ({ lock: `${target}.lock` });

/** A folder name for files that a pull replaced. */
export const formerName = (now: Date): string =>
  `former-${now.toISOString().slice(0, 19).replaceAll(':', '-')}-${randomUUID().slice(0, 4)}`;
