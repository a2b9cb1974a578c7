import type { CommandModule } from 'yargs';
import type { InitArgs } from './args.ts';
import { globalOptions } from './options.ts';

export const init: CommandModule<object, InitArgs> = {
  command: 'init [file]',
  describe: 'Write an inventory, from questions or flags; overwrites nothing',
  builder: (yargs) =>
    globalOptions(yargs)
      .positional('file', {
        type: 'string',
        default: 'cluster.yaml',
        normalize: true,
        describe: 'The inventory to write',
      })
      .option('name', { type: 'string', requiresArg: true, describe: 'Name of the cluster, a DNS label' })
      .option('control-plane', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'A control plane as NAME=ADDRESS; once for each',
      })
      .option('worker', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'A worker as NAME=ADDRESS; once for each; without one the control planes run Pods, too',
      })
      .option('user', {
        type: 'string',
        requiresArg: true,
        describe: 'SSH user: root, or one who may use sudo (default: who runs kboot)',
      })
      .option('identity-file', {
        type: 'string',
        requiresArg: true,
        describe: 'Private key for SSH (default: the agent, the usual files in ~/.ssh, a password)',
      })
      .option('virtual-ip', {
        type: 'string',
        requiresArg: true,
        describe: 'Address for the API servers that kboot makes; auto: a free one that --look finds',
      })
      .option('endpoint', {
        type: 'string',
        requiresArg: true,
        describe: 'HOST:PORT of a load balancer of your own instead',
      })
      .option('pool', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Addresses for Services of type LoadBalancer, FIRST-LAST or a network; auto: ten free ones',
      })
      .option('kubernetes-version', {
        type: 'string',
        requiresArg: true,
        describe: 'Version to install (default: the newest that kboot knows)',
      })
      .option('look', {
        type: 'boolean',
        describe:
          'Log in to the hosts and read what they are: node address, interface, system, a free virtual IP',
      })
      .option('yes', {
        alias: 'y',
        type: 'boolean',
        default: false,
        describe: 'Do not ask; what is missing is an error, as it is where there is no terminal',
      })
      .example('kboot init', 'Ask, and write cluster.yaml'),
  async handler(args) {
    const { runInit } = await import('./init-run.ts');
    process.exitCode = await runInit(args);
  },
};
