import { renderTree } from '../app/render.ts';
import { openWorkspace } from '../app/workspace.ts';
import { acquireLock } from '../store/lock.ts';
import { openState } from '../store/state.ts';
import type { RenderArgs } from './args.ts';
import { settleKeys } from './settle-keys.ts';
import { bundlesOf, event, print } from './terminal.ts';

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
    const count = await renderTree(workspace, args.out);
    if (args.output === 'json') event({ type: 'rendered', out: args.out, files: count });
    else print(`${args.out}: ${count} files for ${workspace.cluster.hosts.length} hosts and the API`);
  } finally {
    await lock.release();
  }
}
