import type { CommandModule } from 'yargs';
import type { Source } from '../app/bring/source.ts';
import { KbootError } from '../model/error.ts';
import type { InitArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, sshOptions } from './options.ts';

export const init: CommandModule<object, InitArgs> = {
  command: 'init [file]',
  describe: "Write an inventory from prompts, flags, or another tool's file; overwrites nothing",
  builder: (yargs) =>
    manual(sshOptions(globalOptions(yargs, 'concurrency')), {
      synopsis: 'init [FILE] [flags]',
      text: 'Writes a valid inventory with comments. In a terminal it prompts for everything that flags do not give; elsewhere, and with --yes, flags must give everything that is required. With --look it logs in to the hosts and reads them, changing nothing: it uses a node address that an interface has (never a NAT address), finds a free virtual IP, and shows what preflight would report. With --from-…, it reads what another tool has, takes over everything that has a counterpart, and lists every key with what became of it (docs/bring.md). Overwrites nothing.',
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
        ['kboot init --from-hosts ops@10.0.0.11-15 --name p --yes', 'Machines of a range; roles are guessed'],
        ['kboot init --from-ansible inventory/hosts.yaml prod.yaml', 'Machines and settings of Kubespray'],
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
      .option('from-hosts', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'HOSTS: write it for these hosts: 10.0.0.11-15, 10.0.0.8/29, node[1:3].example.com, with USER@, :PORT and NAME=, separated by commas',
      })
      .option('from-ansible', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe:
          'FILE: write it from an Ansible inventory, in INI or YAML or as `ansible-inventory --list` prints it (-: standard input); reads group_vars and host_vars beside it',
      })
      .option('from-k0sctl', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe: 'FILE: write it from a file of k0sctl, with the configuration of k0s in it',
      })
      .option('from-terraform', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe:
          'FILE: write it from what `terraform output -json` or `terraform show -json` prints (-: standard input), whose output kboot_hosts lists hosts in the form of spec.hosts',
      })
      .option('from-kubeadm', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          'FILE: write it from configuration of kubeadm (v1beta3, v1beta4), in one or several files; repeat it for each. To take a running cluster over, use kboot adopt',
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
    const source = sourceOf(args);
    if (source !== undefined) {
      const { runInitFrom } = await import('./init-from-run.ts');
      process.exitCode = await runInitFrom(args, source);
      return;
    }
    const { runInit } = await import('./init-run.ts');
    process.exitCode = await runInit(args);
  },
};

/** Where the inventory comes from; undefined: prompts and flags. Throws KbootError E-USAGE for several at once. */
function sourceOf(args: InitArgs): Source | undefined {
  const { 'from-hosts': words, 'from-kubeadm': kubeadm } = args;
  const file = (kind: 'ansible' | 'k0sctl' | 'terraform'): Source[] => {
    const path = args[`from-${kind}`];
    return path === undefined ? [] : [{ kind, file: path }];
  };
  const sources: readonly Source[] = [
    ...(words.length > 0 ? [{ kind: 'hosts' as const, words }] : []),
    ...file('ansible'),
    ...file('k0sctl'),
    ...file('terraform'),
    ...(kubeadm.length > 0 ? [{ kind: 'kubeadm' as const, files: kubeadm }] : []),
  ];
  if (sources.length < 2) return sources[0];
  throw new KbootError(
    'E-USAGE',
    `${sources.map(({ kind }) => `--from-${kind}`).join(' and ')} cannot be combined; nothing was written.`,
  );
}
