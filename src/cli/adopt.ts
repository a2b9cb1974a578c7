import type { CommandModule } from 'yargs';
import type { AdoptArgs } from './args.ts';
import { manual } from './manual.ts';
import { bundleOption, globalOptions, sshOptions } from './options.ts';

export const adopt: CommandModule<object, AdoptArgs> = {
  command: 'adopt [inventory]',
  describe: 'Take over a cluster of kubeadm, or read a lost state folder back; changes nothing on hosts',
  builder: (yargs) =>
    manual(bundleOption(sshOptions(globalOptions(yargs, 'state', 'concurrency', 'verbose'))), {
      synopsis: 'adopt INVENTORY | --host ADDRESS… [INVENTORY] [flags]',
      text: "Creates the state folder of a cluster from its hosts: CAs and their keys, the ServiceAccount key, certificates. With INVENTORY, it restores the lost folder of a cluster that kboot set up. With --host, it takes over a cluster that kubeadm made: it reads that control plane, its API and its other hosts, writes INVENTORY (default: cluster.yaml) with the settings that differ from kboot's defaults, and shows the plan that `kboot up` would carry out. Logs in to every host, and changes nothing there. Checks that keys match their certificates and that all hosts belong to one cluster, lists every obstacle at once, and overwrites nothing. Run logs and snapshots of etcd are not on hosts.",
      examples: [
        ['kboot adopt prod.yaml', 'Write .kboot/prod beside prod.yaml again'],
        ['kboot adopt prod.yaml --state /tmp/copy', 'Write it somewhere else, to compare'],
        ['kboot adopt --host 10.0.0.11 --user ops --name prod prod.yaml', 'Take over a cluster of kubeadm'],
      ],
      exit: '0 written, or the folder is there and equal · 3 a file or folder exists and differs, or hosts lack something · 4 a host could not be read · 5 the cluster cannot be taken over',
      seeAlso: ['plan', 'up', 'status'],
    })
      .positional('inventory', {
        type: 'string',
        normalize: true,
        describe: 'The inventory; with --host, the one to write (default: cluster.yaml)',
      })
      .option('host', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'ADDRESS: SSH address of a control plane that kubeadm set up; the other hosts are found through its API. Repeat it for hosts that SSH does not reach at the address of their Node',
      })
      .option('name', {
        type: 'string',
        requiresArg: true,
        describe: 'NAME: of the cluster with --host, a DNS label (default: clusterName of kubeadm-config)',
      }),
  async handler(args) {
    const { runAdopt } = await import('./adopt-run.ts');
    process.exitCode = await runAdopt(args);
  },
};
