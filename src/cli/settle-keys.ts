import type { Cluster } from '../model/cluster.ts';
import { plural } from '../model/plural.ts';
import { settlePrivateFiles } from '../store/private-files.ts';
import { forgetRotated } from '../store/rotated.ts';
import type { State } from '../store/state.ts';
import { note } from './terminal.ts';
import { line } from '../view/printable.ts';

/**
 * Encrypts or decrypts the private keys of the state folder as spec.state says, and reports it; forgets exchanges that the
 * inventory no longer asks for. The caller holds the lock. Throws KbootError E-STATE, E-STATE-KEY.
 */
export async function settleKeys(state: State, cluster: Cluster): Promise<void> {
  const { state: wanted } = cluster;
  await forgetRotated(state, cluster);
  const count = await settlePrivateFiles(state, wanted);
  if (count > 0)
    note(
      wanted?.encryptKeys === true
        ? line`${plural(count, 'private key')} in ${state.dir} encrypted`
        : line`${plural(count, 'private key')} in ${state.dir} decrypted: spec.state.encryptKeys is not set`,
    );
}
