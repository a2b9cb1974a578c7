import type { CommandModule } from 'yargs';
import type { RenderArgs } from './args.ts';
import { manual } from './manual.ts';
import { bundleOption, globalOptions, inventoryPosition } from './options.ts';

export const render: CommandModule<object, RenderArgs> = {
  command: 'render <inventory>',
  describe: "Write every host's files as a tree: DIR/HOST/etc/kubernetes/…; contacts no host",
  builder: (yargs) =>
    manual(bundleOption(inventoryPosition(globalOptions(yargs, 'state', 'verbose'))), {
      synopsis: 'render INVENTORY --out DIR [--with-secrets]',
      text: 'Writes the files of every host, as they would be on the host: DIR/HOST/etc/kubernetes/… Contacts nothing. Missing certificates and keys are issued into the state folder. Files with private keys, passwords or tokens are left out of DIR unless --with-secrets is given.',
      examples: [
        ['kboot render prod.yaml --out tree', 'One folder per host'],
        ['diff -r tree old-tree', 'How a change of the inventory changes files'],
      ],
      exit: '0 written · 3 DIR is not empty · 7 another run holds the lock',
      seeAlso: ['plan', 'validate'],
    })
      .option('out', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'DIR: folder to write, new or empty',
      })
      .option('with-secrets', {
        type: 'boolean',
        default: false,
        describe:
          'Also write files with private keys, passwords and tokens, mode 0600: kubeconfigs of administrators are among them',
      }),
  async handler(args) {
    const { runRender } = await import('./render-run.ts');
    await runRender(args);
  },
};
