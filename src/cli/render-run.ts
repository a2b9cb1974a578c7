import { basename } from 'node:path';
import { renderTree } from '../app/render.ts';
import { openWorkspace } from '../app/workspace.ts';
import { few } from '../model/few.ts';
import { acquireLock } from '../store/lock.ts';
import { openState } from '../store/state.ts';
import type { RenderArgs } from './args.ts';
import { settleKeys } from './settle-keys.ts';
import { bundlesOf, event, note, print } from './terminal.ts';
import { below, line } from '../view/printable.ts';

/** Issues missing certificates and keys, then writes the tree. */
export async function runRender(args: RenderArgs): Promise<void> {
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    ...bundlesOf(args),
  });
  const state = await openState(workspace.state.dir);
  const lock = await acquireLock(state, `kboot render ${args.inventory}`);
  try {
    await settleKeys(state, workspace.cluster);
    const { files, leftOut } = await renderTree(workspace, args.out, { withSecrets: args['with-secrets'] });
    if (args.output === 'json') event({ type: 'rendered', out: args.out, files, leftOut });
    else {
      print(line`${args.out}: ${files} files for ${workspace.cluster.hosts.length} hosts and the API`);
      if (leftOut.length > 0)
        note(
          args.verbose
            ? below(line`left out, since they have secrets:`, ...leftOut.map((path) => line`  ${path}`))
            : line`${leftOut.length} files with secrets were left out (${few(namesOf(leftOut), 6)}); --with-secrets writes them`,
        );
    }
  } finally {
    await lock.release();
  }
}

/** Each name once: the hosts have the same files. */
function namesOf(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => basename(path)))];
}
