import { imagesOfAddons } from '../app/addons/images.ts';
import { proposeLock } from '../app/lock-release.ts';
import { readInventory } from '../app/read-inventory.ts';
import { lockText } from '../catalog/release-lock.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { lockPath, readLockText, writeLockText } from '../store/release-lock.ts';
import { releaseLockText } from '../view/release-lock-text.ts';
import type { LockArgs } from './args.ts';
import { onInterrupt } from './interrupt.ts';
import { event, note, tell } from './terminal.ts';
import { line } from '../view/printable.ts';

/** Fetches what the lock should state for a version, shows what differs, and writes it. Returns the exit status. */
export async function runLock(args: LockArgs): Promise<ExitStatus> {
  const { inventory, to, check, verbose } = args;
  if (to !== undefined && !/^v\d+\.\d+\.\d+$/.test(to))
    throw new KbootError('E-USAGE', `--to must be a Kubernetes version such as v1.36.5, not "${to}"`);
  const read = await readInventory(inventory, { withoutFiles: true, withAddons: true, anyVersion: true });
  const { cluster, locked } = read;
  const kubernetesVersion = to ?? cluster.kubernetesVersion;
  const interrupt = onInterrupt(() => undefined);
  try {
    const proposal = await proposeLock({
      ...{ cluster, kubernetesVersion, locked, signal: interrupt.signal },
      addonImages: await imagesOfAddons(read),
      heard: (text) => {
        if (verbose) note(line`${text}`);
      },
    });
    const { release, against, changes, notes } = proposal;
    const others = locked.filter((each) => each.kubernetesVersion !== kubernetesVersion);
    const file = lockPath(inventory);
    const text = lockText([...others, release]);
    const differs = readLockText(file) !== text;
    if (differs && !check) await writeLockText(file, text);
    const written = differs && !check;
    if (args.output === 'json')
      event({
        ...{ type: 'lock', file, kubernetesVersion },
        ...(against && { against: against.kubernetesVersion, source: against.source }),
        ...{ changes: [...changes], notes: [...notes], differs, written },
      });
    else
      tell(
        releaseLockText({ ...proposal, file, result: written ? 'written' : differs ? 'differs' : 'same' }),
      );
    return differs && check ? exitStatus.changesPending : exitStatus.done;
  } finally {
    interrupt.stop();
  }
}
