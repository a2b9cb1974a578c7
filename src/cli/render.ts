import type { CommandModule } from 'yargs';
import type { RenderArgs } from './args.ts';
import { manual } from './manual.ts';
import { bundleOption, globalOptions, inventoryPosition } from './options.ts';

export const render: CommandModule<object, RenderArgs> = {
  command: 'render <inventory>',
  describe: "Write every host's files as a tree: DIR/HOST/etc/kubernetes/…; contacts no host",
  builder: (yargs) =>
    manual(bundleOption(inventoryPosition(globalOptions(yargs, 'state'))), {
      synopsis: 'render INVENTORY --out DIR',
      text: 'Writes the files of every host, as they would be on the host: DIR/HOST/etc/kubernetes/… Contacts nothing. Missing certificates and keys are issued into the state folder; keys in DIR have mode 0600.',
      examples: [
        ['kboot render prod.yaml --out tree', 'One folder per host'],
        ['diff -r tree old-tree', 'How a change of the inventory changes files'],
      ],
      exit: '0 written · 3 DIR is not empty · 7 another run holds the lock',
      seeAlso: ['plan', 'validate'],
    }).option('out', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'DIR: folder to write, new or empty',
    }),
  async handler(args) {
    const { runRender } = await import('./render-run.ts');
    await runRender(args);
  },
};
