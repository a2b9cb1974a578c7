import { broughtInventory, nameOf, statedHosts, type Brought } from '../app/bring/bring.ts';
import { settleBrought, hasEntry, type Wishes } from '../app/bring/settle.ts';
import { fileName, readSource, type Source } from '../app/bring/source.ts';
import { planesOf, refuseMissing, type Answers } from '../app/init/answers.ts';
import { refuseExisting, writeNewFile } from '../app/init/write.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import { broughtText } from '../view/brought-text.ts';
import type { InitArgs } from './args.ts';
import { terminalAsk } from './ask.ts';
import { askEntry } from './init-ask.ts';
import { flagsOrDefaults, sshFlags } from './init-flags.ts';
import { findingsOf, lookIfAsked, settledHosts, withProposals } from './init-look.ts';
import { reportWritten } from './init-report.ts';
import { isInteractive, terminalWidth } from './terminal.ts';

/** Writes an inventory from what somebody has. Asks only for what is missing. */
export async function runInitFrom(args: InitArgs, source: Source): Promise<ExitStatus> {
  await refuseExisting(args.file);
  const ask = isInteractive() && !args.yes && args.output === 'text' ? await terminalAsk() : undefined;
  const foreign = readSource(source);
  const wishes = wishesOf(args);
  const { hosts, guesses } = settleBrought(foreign, wishes);
  const named = args.name === undefined ? nameOf(foreign, args.file) : { name: args.name, guesses: [] };
  const first: Answers = {
    ...{ ...wishes, name: named.name, hosts: statedHosts(hosts) },
    ...flagsOrDefaults(args),
  };
  const isKnown = hasEntry(foreign, wishes) || ask !== undefined;
  refuseMissing(first, isKnown);
  const { file } = args;
  const look = await lookIfAsked(args, first);
  try {
    const settled = await settledHosts(ask, args, first, look);
    const open = ask !== undefined && planesOf(first.hosts).length > 1 && !hasEntry(foreign, wishes);
    const second = open ? { ...first, ...(await askEntry(ask, first, settled, look)) } : first;
    const answers = await withProposals(second, settled, look);
    const from = fromOf(source, foreign.what);
    const all = [...named.guesses, ...foreign.guesses, ...guesses];
    const brought = broughtInventory(
      { foreign, hosts, guesses: all, from },
      ...([wishes, answers, settled, file] as const),
    );
    const findings = findingsOf(brought.cluster, look);
    await writeNewFile(file, brought.text);
    report(args, from, answers, brought, findings);
  } finally {
    await look?.close();
  }
  return exitStatus.done;
}

function wishesOf(args: InitArgs): Wishes {
  return {
    ...{ name: args.name, kubernetesVersion: args['kubernetes-version'] },
    ...{ controlPlanes: args['control-plane'], workers: args.worker },
    ...{ user: args.user, virtualIP: args['virtual-ip'], endpoint: args.endpoint, pools: args.pool },
    ...sshFlags(args),
  };
}

/** `inventory.ini, an Ansible inventory` */
function fromOf(source: Source, what: string): string {
  switch (source.kind) {
    case 'hosts':
      return `--from-hosts ${source.words.join(' ')}`;
    case 'kubeadm':
      return `${source.files.map(fileName).join(', ')}, ${what}`;
    case 'ansible':
    case 'k0sctl':
    case 'terraform':
      return `${fileName(source.file)}, ${what}`;
  }
}

function report(
  args: InitArgs,
  from: string,
  answers: Answers,
  { cluster, keys, guesses, warnings }: Brought,
  findings: readonly Finding[],
): void {
  const { loadBalancer, metallb } = cluster;
  const virtualIP = loadBalancer?.virtualIP ?? answers.virtualIP;
  const pools = (metallb?.pools ?? []).flatMap(({ addresses }) => addresses);
  reportWritten(
    args,
    { cluster, warnings, findings, virtualIP, pools },
    {
      fields: {
        ...{ from, guesses: [...guesses] },
        keys: keys.map(({ key, at, ...rest }) => ({ key, ...at, ...rest })),
      },
      text:
        keys.length + guesses.length === 0
          ? undefined
          : broughtText({ from, keys, guesses, width: terminalWidth() }),
    },
  );
}
