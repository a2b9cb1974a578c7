import { homedir } from 'node:os';
import { adminKubeconfig } from '../app/kubeconfig.ts';
import { mergeKubeconfig } from '../app/kubeconfig-merge.ts';
import { serverNotNamed, serverOf } from '../app/kubeconfig-server.ts';
import { openWorkspace } from '../app/workspace.ts';
import { KbootError } from '../model/error.ts';
import { kubeconfigFiles } from '../store/kubeconfig-file.ts';
import { block, line } from '../view/printable.ts';
import type { KubeconfigArgs } from './args.ts';
import { event, note, print } from './terminal.ts';
import { remedies } from './remedies.ts';

/** Prints or merges the kubeconfig. The context is named after the cluster. Throws KbootError E-USAGE, E-STATE. */
export async function runKubeconfig(args: KubeconfigArgs): Promise<void> {
  const { merge, force, context } = args;
  if (force && !merge)
    throw new KbootError('E-USAGE', '--force is for --merge only', { remedy: remedies.omitOrMerge });
  if (context?.trim() === '')
    throw new KbootError('E-USAGE', '--context needs a name', { remedy: remedies.omitName });
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  const server = args.server === undefined ? undefined : serverOf(args.server);
  const unnamed = server === undefined ? undefined : serverNotNamed(workspace, server);
  if (unnamed !== undefined) note(line`warning: ${unnamed}`);
  const choice = { server: server?.url, context };
  if (!merge) {
    const text = adminKubeconfig(workspace, choice);
    if (args.output === 'json')
      event({ type: 'kubeconfig', cluster: workspace.cluster.name, kubeconfig: text });
    else print(block(text.trimEnd()));
    return;
  }
  const files = kubeconfigFiles(process.env['KUBECONFIG'], homedir());
  const merged = await mergeKubeconfig(workspace, files, { ...choice, force }, new Date());
  if (args.output === 'json') {
    event({
      ...{ type: 'merged', file: files.fresh, files: [...merged.files], backups: [...merged.backups] },
      context: merged.context,
      ...(merged.before !== undefined && { before: merged.before }),
    });
    return;
  }
  const where = merged.files.length === 0 ? files.fresh : merged.files.join(', ');
  print(line`${where}: context ${merged.context} added and made current`);
  if (merged.before !== undefined)
    print(line`  before      ${merged.before}; back to it: kubectl config use-context ${merged.before}`);
  for (const backup of merged.backups) print(line`  former file ${backup}`);
}
