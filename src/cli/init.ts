import type { CommandModule } from 'yargs';
import type { InitArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, sshOptions } from './options.ts';

export const init: CommandModule<object, InitArgs> = {
  command: 'init [file]',
  describe: 'Write an inventory from prompts or flags; overwrites nothing',
  builder: (yargs) =>
    manual(sshOptions(globalOptions(yargs, 'concurrency')), {
      synopsis: 'init [FILE] [flags]',
      text: 'Writes a valid inventory with comments. In a terminal it prompts for everything that flags do not give; elsewhere, and with --yes, flags must give everything that is required. With --look it logs in to the hosts and reads them, changing nothing: it uses a node address that an interface has (never a NAT address), finds a free virtual IP, and shows what preflight would report. Overwrites nothing.',
      examples: [
        ['kboot init', 'Prompt, and write cluster.yaml'],
        [
          'kboot init --name one --control-plane 10.0.0.11 --yes',
          'One machine; no prompts, contacts nothing',
        ],
        [
          'kboot init ha.yaml --name ha --look --virtual-ip auto --control-plane 10.0.0.11 --control-plane 10.0.0.12 --control-plane 10.0.0.13 --yes',
          '',
        ],
        [
          'kboot init far.yaml --name far --look --bastion ops@gw.example.com --port 2222 --control-plane 10.0.0.11 --worker 10.0.0.21 --yes',
          'Reach the hosts through a bastion',
        ],
        ['kboot init --name dual --control-plane 10.0.0.11,fd00::11 --worker 10.0.0.21,fd00::21 --yes', ''],
      ],
      exit: '0 written · 3 FILE exists, something is missing, or the inventory would not be valid · 4 a host could not be read · 130 a prompt was cancelled',
      seeAlso: ['validate', 'plan', 'schema'],
    })
      .positional('file', {
        type: 'string',
        default: 'cluster.yaml',
        normalize: true,
        describe: 'The inventory to write (default: cluster.yaml)',
      })
      .option('name', { type: 'string', requiresArg: true, describe: 'NAME: of the cluster, a DNS label' })
      .option('control-plane', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'NAME=ADDRESS or ADDRESS: a control plane; repeat for each. An IPv4 and an IPv6 address, separated by a comma, for every host make a dual-stack cluster',
      })
      .option('worker', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'NAME=ADDRESS or ADDRESS: a worker; repeat for each. Without workers the control planes run Pods too',
      })
      .option('virtual-ip', {
        type: 'string',
        requiresArg: true,
        describe:
          'ADDRESS: virtual IP of the API servers, provided by keepalived and haproxy; auto: a free address that --look finds',
      })
      .option('endpoint', {
        type: 'string',
        requiresArg: true,
        describe: 'HOST:PORT: your own load balancer instead',
      })
      .option('pool', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'RANGE: for Services of type LoadBalancer, FIRST-LAST or a network; auto: ten free addresses that --look finds (default: no MetalLB)',
      })
      .option('kubernetes-version', {
        type: 'string',
        requiresArg: true,
        describe: 'VERSION: to install, such as v1.36.2 (default: the newest supported version)',
      })
      .option('look', {
        type: 'boolean',
        describe:
          'Log in to the hosts and read their addresses and hardware; --no-look: do not (default: prompt; off without prompts)',
      })
      .option('yes', {
        alias: 'y',
        type: 'boolean',
        default: false,
        describe: 'Do not prompt; a missing answer is an error, as it is without a terminal',
      }),
  async handler(args) {
    const { runInit } = await import('./init-run.ts');
    process.exitCode = await runInit(args);
  },
};
