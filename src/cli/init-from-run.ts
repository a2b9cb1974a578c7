import { broughtInventory, nameOf, statedHosts, type Brought } from '../app/bring/bring.ts';
import { settleBrought, hasEntry, type Wishes } from '../app/bring/settle.ts';
import { fileName, readSource, type Source } from '../app/bring/source.ts';
import { identityIn, planesOf, refuseMissing, type Answers } from '../app/init/answers.ts';
import { lookAt } from '../app/init/look.ts';
import { settleHosts } from '../app/init/settle.ts';
import { bastionOf, portOf, sshOf } from '../app/init/ssh.ts';
import { refuseExisting, writeNewFile } from '../app/init/write.ts';
import { knownVersions } from '../catalog/release.ts';
import { loginName } from '../inventory/login-name.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { inEnglish, type Finding } from '../plan/preflight/finding.ts';
import { broughtText } from '../view/brought-text.ts';
import { findingsText } from '../view/findings-text.ts';
import { initText } from '../view/init-text.ts';
import { below, line } from '../view/printable.ts';
import type { InitArgs } from './args.ts';
import { terminalAsk } from './ask.ts';
import { askEntry } from './init-ask.ts';
import { findingsOf, refuseUnseen, seenTable, withProposals } from './init-look.ts';
import { languageOfRun } from './language.ts';
import { connectOptions, event, isInteractive, note, print, terminalWidth } from './terminal.ts';

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
    user: args.user ?? loginName() ?? 'root',
    kubernetesVersion: args['kubernetes-version'] ?? knownVersions()[0] ?? '',
    look: args.look ?? false,
  };
  const isKnown = hasEntry(foreign, wishes) || ask !== undefined;
  refuseMissing(first, isKnown);
  if (first.look && args.output === 'text') note(line`reading ${plural(hosts.length, 'host')}`);
  const { file, concurrency } = args;
  const look = first.look
    ? await lookAt(first.hosts, { file, concurrency, ...sshOf(first) }, connectOptions())
    : undefined;
  try {
    if (look !== undefined) await refuseUnseen(ask, args, first, look);
    const settled = settleHosts(first.hosts, look);
    if (look !== undefined && args.output === 'text') note(seenTable(settled));
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
    tell(args, from, answers, brought, findings);
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
    port: args.port === undefined ? undefined : portOf(args.port),
    bastion: args.bastion === undefined ? undefined : bastionOf(args.bastion),
    identityFile:
      args['identity-file'] === undefined ? undefined : identityIn(args.file, args['identity-file']),
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

function tell(
  args: InitArgs,
  from: string,
  answers: Answers,
  { cluster, keys, guesses, warnings }: Brought,
  findings: readonly Finding[],
): void {
  const { file } = args;
  if (args.output === 'json') {
    for (const finding of findings) event({ type: 'finding', ...inEnglish(finding) });
    event({
      type: 'written',
      ...{ file, cluster: cluster.name, hosts: cluster.hosts.map(({ name }) => name), warnings },
      ...{ from, guesses: [...guesses] },
      keys: keys.map(({ key, at, ...rest }) => ({ key, ...at, ...rest })),
    });
    return;
  }
  if (findings.length > 0)
    note(below(line`To fix before \`kboot up\`, or to ignore:`, findingsText(findings, languageOfRun())));
  for (const warning of warnings) note(line`warning: ${warning}`);
  if (keys.length + guesses.length > 0) print(broughtText({ from, keys, guesses, width: terminalWidth() }));
  const { loadBalancer, metallb } = cluster;
  const pools = (metallb?.pools ?? []).flatMap(({ addresses }) => addresses);
  print(initText({ file, cluster, virtualIP: loadBalancer?.virtualIP ?? answers.virtualIP, pools }));
}
