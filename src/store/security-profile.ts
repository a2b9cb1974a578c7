import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { newClusterProfile, securityProfiles, type SecurityProfile } from '../model/security.ts';
import { writeAtomic } from './atomic.ts';
import { fileError, systemCode } from './file-error.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

/** In the state folder: what the cluster was founded as. */
const name = 'security-profile';

/**
 * What a cluster is whose inventory states no profile: what it was founded as, kubeadm if that was before there were
 * profiles, or what new clusters are. `dir` need not exist. Throws KbootError E-STATE.
 */
export function foundedAs(dir: string): SecurityProfile {
  const recorded = readRecord(join(dir, name));
  if (recorded !== undefined) return recorded;
  return isFounded(dir) ? 'kubeadm' : newClusterProfile;
}

/** Before anything of a new cluster is issued: records what it is founded as. Does nothing later. Throws E-STATE. */
export async function recordFounding({ dir }: Pick<State, 'dir'>, profile: SecurityProfile): Promise<void> {
  if (!isFounded(dir)) await writeProfile({ dir }, profile);
}

/** Records what a cluster was founded as. Throws E-STATE. */
export async function writeProfile({ dir }: Pick<State, 'dir'>, profile: SecurityProfile): Promise<void> {
  await writeAtomic(join(dir, name), `${profile}\n`);
}

/** A CA alone may be the operator's, put there for the cluster to come. */
function isFounded(dir: string): boolean {
  return ['cluster-id', 'pki/hosts'].some((path) => existsSync(join(dir, path)));
}

function readRecord(path: string): SecurityProfile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') return undefined;
    throw fileError('The file cannot be read', path, cause);
  }
  const found = securityProfiles.find((profile) => profile === text);
  if (found !== undefined) return found;
  throw new KbootError('E-STATE', `${path} does not name a security profile.`, {
    remedy: remedies.profileWord({ profiles: securityProfiles.join(', ') }),
  });
}
