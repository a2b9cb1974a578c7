import { homedir } from 'node:os';
import { join } from 'node:path';
import { adminKubeconfig, mergeKubeconfig } from '../app/kubeconfig.ts';
import { serverNotNamed, serverOf } from '../app/kubeconfig-server.ts';
import { openWorkspace } from '../app/workspace.ts';
import type { KubeconfigArgs } from './args.ts';
import { event, note, print } from './terminal.ts';
import { block, line } from '../view/printable.ts';

/** Prints or merges the kubeconfig. The context is named after the cluster. */
export async function runKubeconfig(args: KubeconfigArgs): Promise<void> {
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  const server = args.server === undefined ? undefined : serverOf(args.server);
  const unnamed = server === undefined ? undefined : serverNotNamed(workspace, server);
  if (unnamed !== undefined) note(line`warning: ${unnamed}`);
  const text = adminKubeconfig(workspace, server?.url);
  if (!args.merge) {
    if (args.output === 'json')
      event({ type: 'kubeconfig', cluster: workspace.cluster.name, kubeconfig: text });
    else print(block(text.trimEnd()));
    return;
  }
  const file = process.env['KUBECONFIG']?.split(':')[0] ?? join(homedir(), '.kube', 'config');
  await mergeKubeconfig(file, text);
  if (args.output === 'json') event({ type: 'merged', file, context: workspace.cluster.name });
  else print(line`${file}: context ${workspace.cluster.name} added and made current`);
}
