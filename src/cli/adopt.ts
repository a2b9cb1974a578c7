import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const adopt: CommandModule<object, InventoryArgs> = {
  command: 'adopt <inventory>',
  describe: 'Read a lost state folder back from the hosts; changes nothing on them',
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'state', 'concurrency')), {
      synopsis: 'adopt INVENTORY [flags]',
      text: "Makes the state folder of a cluster that kboot set up again, for when it is lost: CAs and their keys, the ServiceAccount key, certificates and the cluster's ID, from the control planes and the other hosts. Checks that keys fit their certificates, and that all hosts belong to one cluster. Logs in to every host and changes nothing there; an existing state folder is left as it is, and what differs from it is shown. Afterwards `kboot plan` is as it was before the loss. Run logs and snapshots of etcd are not on hosts.",
      examples: [
        ['kboot adopt prod.yaml', 'Write .kboot/prod beside prod.yaml'],
        ['kboot adopt prod.yaml --state /tmp/copy', 'Write it somewhere else, to compare'],
      ],
      exit: '0 written, or the folder is there and equal · 3 the folder differs, or the hosts lack something · 4 a host could not be read',
      seeAlso: ['plan', 'status'],
    }),
  async handler(args) {
    const { runAdopt } = await import('./adopt-run.ts');
    process.exitCode = await runAdopt(args);
  },
};
