import type { CommandModule } from 'yargs';
import type { InitArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';

export const init: CommandModule<object, InitArgs> = {
  command: 'init [file]',
  describe: 'Write an inventory, from questions or flags; overwrites nothing',
  builder: (yargs) =>
    manual(globalOptions(yargs, 'concurrency'), {
      synopsis: 'init [FILE] [flags]',
      text: 'Writes an inventory with comments, one that validates. On a terminal it asks what flags do not say; elsewhere, and with --yes, what is needed must come by flags. With --look it logs in to the hosts and reads them, changing nothing: it takes the node address that an interface holds (never a NAT address), looks for a free virtual IP, and tells what preflight would object to. Overwrites nothing.',
      examples: [
        ['kboot init', 'Ask, and write cluster.yaml'],
        ['kboot init --name one --control-plane 10.0.0.11 --yes', 'One machine; ask and contact nothing'],
        [
          'kboot init ha.yaml --name ha --look --virtual-ip auto --control-plane 10.0.0.11 --control-plane 10.0.0.12 --control-plane 10.0.0.13 --yes',
          '',
        ],
        [
          'kboot init far.yaml --name far --look --bastion ops@gw.example.com --port 2222 --control-plane 10.0.0.11 --worker 10.0.0.21 --yes',
          'Reach the hosts through another one',
        ],
        ['kboot init --name dual --control-plane 10.0.0.11,fd00::11 --worker 10.0.0.21,fd00::21 --yes', ''],
      ],
      exit: '0 written · 3 FILE is there, something is missing, or no valid inventory comes of it · 4 a host could not be looked at · 130 no answer was given',
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
          'NAME=ADDRESS or ADDRESS: a control plane; once for each. An IPv4 and an IPv6 address with a comma between them, on every host, make a dual-stack cluster',
      })
      .option('worker', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'NAME=ADDRESS or ADDRESS: a worker; without one the control planes run Pods, too',
      })
      .option('user', {
        type: 'string',
        requiresArg: true,
        describe: 'USER: for SSH; root, or one who may use sudo (default: who runs kboot)',
      })
      .option('port', {
        type: 'string',
        requiresArg: true,
        describe: 'N: SSH port of the hosts (default: 22)',
      })
      .option('identity-file', {
        type: 'string',
        requiresArg: true,
        describe: 'FILE: private key for SSH (default: the agent, the usual files in ~/.ssh, a password)',
      })
      .option('bastion', {
        type: 'string',
        requiresArg: true,
        describe:
          '[USER@]HOST[:PORT]: the host that SSH jumps through to all others; with the same key, and the same user where it names none',
      })
      .option('virtual-ip', {
        type: 'string',
        requiresArg: true,
        describe:
          'ADDRESS: of the API servers, made by keepalived and haproxy; auto: a free one that --look finds',
      })
      .option('endpoint', {
        type: 'string',
        requiresArg: true,
        describe: 'HOST:PORT: a load balancer of your own instead',
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
        describe: 'VERSION: to install, such as v1.36.2 (default: the newest that kboot knows)',
      })
      .option('look', {
        type: 'boolean',
        describe:
          'Log in to the hosts and read what they are; --no-look: do not (default: ask; off where nobody is asked)',
      })
      .option('yes', {
        alias: 'y',
        type: 'boolean',
        default: false,
        describe: 'Do not ask; what is missing is an error, as it is where there is no terminal',
      }),
  async handler(args) {
    const { runInit } = await import('./init-run.ts');
    process.exitCode = await runInit(args);
  },
};
