import type { CommandModule } from 'yargs';
import type { KubeconfigArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const kubeconfig: CommandModule<object, KubeconfigArgs> = {
  command: 'kubeconfig <inventory>',
  describe: "Print the administrator's kubeconfig, or merge it into ~/.kube/config",
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'state')), {
      synopsis: 'kubeconfig INVENTORY [--merge [--force]] [--context NAME] [--server URL]',
      text: "Prints the administrator's kubeconfig, or merges it into the one that kubectl reads. Contacts nothing; reads the state folder. The kubeconfig gives full access to the cluster: protect it like a password. A merge goes by kubectl's rules: of several files in KUBECONFIG, an entry is changed where it is, and a new one goes into the first file that exists; a link stays a link; FILE.lock keeps kubectl out meanwhile. Everything else in the file stays, and a copy of it is kept beside it. The context becomes the current one. Entries of the same names that are of another cluster are not replaced without --force.",
      examples: [
        ['kboot kubeconfig prod.yaml --merge', 'kubectl uses this cluster from now on'],
        ['kboot kubeconfig prod.yaml --merge --context berlin', 'Under another name'],
        ['kboot kubeconfig prod.yaml > prod.conf', 'Into a separate file; then chmod 600 prod.conf'],
        [
          'kboot kubeconfig prod.yaml --server https://203.0.113.5:6443 --merge',
          'For a machine outside of NAT; 203.0.113.5 is in spec.apiServer.certSANs',
        ],
      ],
      exit: '0 done · 3 no cluster has been created from this state folder yet, or a file has entries of another cluster',
      seeAlso: ['up', 'status'],
    })
      .option('merge', {
        type: 'boolean',
        default: false,
        describe: 'Merge into the files of KUBECONFIG, or ~/.kube/config, and make its context current',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'With --merge: replace entries of the same names that are of another cluster',
      })
      .option('context', {
        type: 'string',
        requiresArg: true,
        describe:
          'NAME of context and cluster, and NAME-admin of the user (default: the name of the cluster)',
      })
      .option('server', {
        type: 'string',
        requiresArg: true,
        describe:
          'Reach the API at this https URL instead of controlPlaneEndpoint, for example at a public address',
      }),
  async handler(args) {
    const { runKubeconfig } = await import('./kubeconfig-run.ts');
    await runKubeconfig(args);
  },
};
