import type { CommandModule } from 'yargs';
import type { KubeconfigArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const kubeconfig: CommandModule<object, KubeconfigArgs> = {
  command: 'kubeconfig <inventory>',
  describe: "Print the administrator's kubeconfig, or merge it into ~/.kube/config",
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'state')), {
      synopsis: 'kubeconfig INVENTORY [--merge]',
      text: "Prints the administrator's kubeconfig, or merges it into the one that kubectl reads. Contacts nothing; reads the state folder. What is printed opens the whole cluster: keep it as you keep a password.",
      examples: [
        ['kboot kubeconfig prod.yaml --merge', 'kubectl talks to this cluster from now on'],
        ['kboot kubeconfig prod.yaml > prod.conf', 'A file of its own; then chmod 600 prod.conf'],
      ],
      exit: '0 done · 3 no cluster was made yet from this state folder',
      seeAlso: ['up', 'status'],
    }).option('merge', {
      type: 'boolean',
      default: false,
      describe: 'Merge into the first file of KUBECONFIG, or ~/.kube/config, and make its context current',
    }),
  async handler(args) {
    const { runKubeconfig } = await import('./kubeconfig-run.ts');
    await runKubeconfig(args);
  },
};
