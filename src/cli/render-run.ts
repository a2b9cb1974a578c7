import { renderTree } from '../app/render.ts';
import { openWorkspace } from '../app/workspace.ts';
import { acquireLock } from '../store/lock.ts';
import { openState } from '../store/state.ts';
import type { RenderArgs } from './args.ts';
import { bundlesOf, event, print } from './terminal.ts';

/** Issues missing certificates and keys, then writes the tree. */
export async function runRender(args: RenderArgs): Promise<void> {
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    ...bundlesOf(args),
  });
  const lock = await acquireLock(await openState(workspace.state.dir), `kboot render ${args.inventory}`);
  try {
    const count = await renderTree(workspace, args.out);
    if (args.output === 'json') event({ type: 'rendered', out: args.out, files: count });
    else print(`${args.out}: ${count} files for ${workspace.cluster.hosts.length} hosts and the API`);
  } finally {
    await lock.release();
  }
}
