import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { sha256 } from '../../model/digest.ts';
import { KbootError } from '../../model/error.ts';
import { writeAtomic } from '../../store/atomic.ts';
import { decrypt, encrypt, needsPassphrase, type AgeAudience } from '../../store/age.ts';
import { recordPushing, recordSeen } from '../../store/copy-record.ts';
import { acquireLock } from '../../store/lock.ts';
import { packState } from '../../store/state-archive.ts';
import { hasIdentity, newPassphrase, statePassphrase } from '../../store/state-secret.ts';
import { openState } from '../../store/state.ts';
import {
  compare,
  lockOfCopy,
  openCopy,
  readCopy,
  refuseOther,
  type CopySite,
  type ReadCopy,
} from './copy.ts';
import { loginName } from '../../inventory/login-name.ts';
import { remedies } from '../remedies.ts';

export interface Pushed {
  /** false: the copy is the same already, and its file was not touched. */
  readonly written: boolean;
  readonly generation: number;
  readonly files: number;
}

/** Answers whether to overwrite what would be lost; throws if that was not asked for. */
export type MayOverwrite = (what: string) => Promise<boolean>;

/**
 * Writes the copy, unless it is the same already. Overwrites only what was pushed or pulled here last; `force` is asked about
 * anything else. Returns undefined if it answered no. Throws KbootError E-STATE-COPY, E-STATE-KEY, E-STATE, E-LOCKED.
 */
export async function pushState(site: CopySite, force?: MayOverwrite): Promise<Pushed | undefined> {
  // It may be on a disk that is not mounted now: a folder is not created there.
  const folder = dirname(site.target);
  if (!existsSync(folder))
    throw new KbootError('E-STATE-COPY', `the folder ${folder} does not exist`, {
      remedy: remedies.mountCopy,
    });
  const state = await openState(site.dir);
  const lock = await acquireLock(state, `kboot state push ${site.inventoryFile}`);
  try {
    const theirs = await acquireLock(lockOfCopy(site.target), `kboot state push ${site.inventoryFile}`);
    try {
      return await push(site, force);
    } finally {
      await theirs.release();
    }
  } finally {
    await lock.release();
  }
}

async function push(site: CopySite, force: MayOverwrite | undefined): Promise<Pushed | undefined> {
  const { target, cluster, recipients, dir } = site;
  const read = await readCopy(site);
  const { files, content, seen, bytes } = read;
  if (files.size === 0)
    throw new KbootError('E-STATE-COPY', `${dir} has nothing to push: there is no cluster yet`, {
      remedy: remedies.upOrPull,
    });
  const comparison = compare(read, recipients);
  if (comparison === 'same' && seen !== undefined && force === undefined) {
    return { written: false, generation: seen.generation, files: files.size };
  }
  const foreign =
    comparison === 'unrelated' || comparison === 'copy-changed' || comparison === 'both-changed';
  if (bytes !== undefined) refuseOther(target, bytes);
  if (foreign && force === undefined) throw conflict(site, read);
  const audience = await audienceFor(site, bytes, force !== undefined);
  let generation = seen?.generation ?? 0;
  if (foreign && bytes !== undefined && force !== undefined) {
    // Those who can decrypt it learn whether it belongs to another cluster.
    if (needsPassphrase(bytes) || hasIdentity()) {
      const { about } = await openCopy(site, bytes, read);
      generation = Math.max(generation, about.generation);
    }
    if (!(await force(`Overwrite ${target}, which was not pushed or pulled here last?`))) return undefined;
  }
  generation += 1;
  const clusterId = files.get('cluster-id')?.toString().trim();
  const archive = await packState(
    {
      ...{ cluster: cluster.name, generation, recipients: [...recipients] },
      ...(clusterId !== undefined && { clusterId }),
      ...{ at: new Date().toISOString(), by: `${loginName() ?? 'unknown'}@${hostname()}` },
    },
    files,
  );
  const encrypted = await encrypt(archive, audience);
  const pushed = { generation, sha256: sha256(encrypted), content, recipients: [...recipients] };
  await recordPushing({ dir }, seen, pushed);
  await writeAtomic(target, encrypted, 0o644);
  await recordSeen({ dir }, pushed);
  return { written: true, generation, files: files.size };
}

/** Recipients, else the passphrase: the one that the copy has, so that a mistyped one cannot lock the others out. */
async function audienceFor(
  { recipients, target }: CopySite,
  bytes: Buffer | undefined,
  force: boolean,
): Promise<AgeAudience> {
  if (recipients.length > 0) return { recipients };
  if (bytes === undefined || !needsPassphrase(bytes) || force)
    return { passphrase: await newPassphrase(target) };
  const secret = await statePassphrase(target);
  await decrypt(bytes, secret, target);
  return secret;
}

function conflict({ target, dir }: CopySite, { seen }: ReadCopy): KbootError {
  const since =
    seen === undefined
      ? `${target} exists, and was never pushed or pulled with ${dir}`
      : `${target} was changed by somebody else since it was last pushed or pulled here (generation ${seen.generation})`;
  return new KbootError('E-STATE-COPY', since, {
    remedy: remedies.pullFirst,
  });
}
