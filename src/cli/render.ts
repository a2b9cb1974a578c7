import type { CommandModule } from 'yargs';
import type { RenderArgs } from './args.ts';
import { bundleOption, globalOptions, inventoryPosition } from './options.ts';

export const render: CommandModule<object, RenderArgs> = {
  command: 'render <inventory>',
  describe: "Write every host's files as a tree: DIR/HOST/etc/kubernetes/…; needs no host",
  builder: (yargs) =>
    bundleOption(globalOptions(inventoryPosition(yargs)))
      .option('out', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Folder to write; must be new or empty',
      })
      .example(
        'kboot render prod.yaml --out tree',
        'Certificates are issued into the state folder; keys have mode 0600',
      ),
  async handler(args) {
    const { runRender } = await import('./render-run.ts');
    await runRender(args);
  },
};
