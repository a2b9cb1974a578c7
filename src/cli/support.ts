import type { CommandModule } from 'yargs';
import type { SupportArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const support: CommandModule<object, SupportArgs> = {
  command: 'support <inventory>',
  describe: 'Collect what a maintainer would ask for, without secrets; changes nothing',
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'allow-hooks')), {
      synopsis: 'support INVENTORY [--out FILE]',
      text: "Writes a .tar.gz with kboot's version, the inventory, the logs of the last runs, the plan, the status, and of each host its facts, journals and logs of the control plane; Events, Pods and Nodes through the API. Keys, tokens and passwords are taken out, and so is what may have some, such as contents of spec.files. What cannot be read is left out, and named. Logs in to every host; changes nothing there. It is sent nowhere.",
      examples: [['kboot support prod.yaml', 'Then look at it, and attach it to your report']],
      exit: '0 written · 3 a problem with the inventory, or the file exists',
      seeAlso: ['status', 'explain'],
    }).option('out', {
      type: 'string',
      requiresArg: true,
      normalize: true,
      describe: 'FILE to write (default: kboot-support-CLUSTER-TIME.tar.gz)',
    }),
  async handler(args) {
    const { runSupport } = await import('./support-run.ts');
    process.exitCode = await runSupport(args);
  },
};
