import type { CommandModule } from 'yargs';
import type { KubeconfigArgs } from './args.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const kubeconfig: CommandModule<object, KubeconfigArgs> = {
  command: 'kubeconfig <inventory>',
  describe: "Print the administrator's kubeconfig, or merge it into ~/.kube/config",
  builder: (yargs) =>
    globalOptions(inventoryPosition(yargs))
      .option('merge', {
        type: 'boolean',
        default: false,
        describe: 'Merge into KUBECONFIG or ~/.kube/config and make it current',
      })
      .example('kboot kubeconfig prod.yaml > prod.conf', 'A file of its own'),
  async handler(args) {
    const { runKubeconfig } = await import('./kubeconfig-run.ts');
    await runKubeconfig(args);
  },
};
