import { hostsOf, identityIn, refuseMissing, type Answers } from '../app/init/answers.ts';
import { checkedInventory, type CheckedInventory } from '../app/init/checked.ts';
import { lookAt } from '../app/init/look.ts';
import { inventoryOf, settleHosts } from '../app/init/settle.ts';
import { bastionOf, portOf, sshOf } from '../app/init/ssh.ts';
import { refuseExisting, writeNewFile } from '../app/init/write.ts';
import { knownVersions } from '../catalog/release.ts';
import { loginName } from '../inventory/login-name.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { inEnglish, type Finding } from '../plan/preflight/finding.ts';
import { findingsText } from '../view/findings-text.ts';
import { initText } from '../view/init-text.ts';
import { below, line } from '../view/printable.ts';
import type { InitArgs } from './args.ts';
import { terminalAsk } from './ask.ts';
import { askAddresses, askFirst } from './init-ask.ts';
import { findingsOf, refuseUnseen, seenTable, withProposals } from './init-look.ts';
import { languageOfRun } from './language.ts';
import { connectOptions, event, isInteractive, note, print } from './terminal.ts';

/** Asks for everything that flags do not give, reads the hosts if allowed, and writes a new inventory. */
export async function runInit(args: InitArgs): Promise<ExitStatus> {
  await refuseExisting(args.file);
  const ask = isInteractive() && !args.yes && args.output === 'text' ? await terminalAsk() : undefined;
  const first = ask === undefined ? answersOf(args) : await askFirst(ask, args, answersOf(args));
  if (ask === undefined) refuseMissing(first);
  if (first.look && args.output === 'text')
    note(line`reading ${first.hosts.length === 1 ? '1 host' : `${first.hosts.length} hosts`}`);
  const { file, concurrency } = args;
  const look = first.look
    ? await lookAt(first.hosts, { file, concurrency, ...sshOf(first) }, connectOptions())
    : undefined;
  try {
    if (look !== undefined) await refuseUnseen(ask, args, first, look);
    const hosts = settleHosts(first.hosts, look);
    if (look !== undefined && args.output === 'text') note(seenTable(hosts));
    const second = ask === undefined ? first : await askAddresses(ask, first, hosts, look);
    const answers = await withProposals(second, hosts, look);
    const checked = checkedInventory(inventoryOf(answers, hosts), args.file);
    const findings = findingsOf(checked.cluster, look);
    await writeNewFile(args.file, checked.text);
    tell(args, answers, checked, findings);
  } finally {
    await look?.close();
  }
  return exitStatus.done;
}

function answersOf(args: InitArgs): Answers {
  const { name, endpoint, file } = args;
  return {
    ...{ name, endpoint, virtualIP: args['virtual-ip'], pools: args.pool },
    hosts: [...hostsOf(args['control-plane'], 'control-plane'), ...hostsOf(args.worker, 'worker')],
    user: args.user ?? loginName() ?? 'root',
    port: args.port === undefined ? undefined : portOf(args.port),
    bastion: args.bastion === undefined ? undefined : bastionOf(args.bastion),
    identityFile: args['identity-file'] === undefined ? undefined : identityIn(file, args['identity-file']),
    kubernetesVersion: args['kubernetes-version'] ?? knownVersions()[0] ?? '',
    look: args.look ?? false,
  };
}

function tell(
  args: InitArgs,
  answers: Answers,
  { cluster, warnings }: CheckedInventory,
  findings: readonly Finding[],
): void {
  const { file } = args;
  if (args.output === 'json') {
    for (const finding of findings) event({ type: 'finding', ...inEnglish(finding) });
    event({
      type: 'written',
      file,
      cluster: cluster.name,
      hosts: cluster.hosts.map(({ name }) => name),
      warnings,
    });
    return;
  }
  if (findings.length > 0)
    note(below(line`To fix before \`kboot up\`, or to ignore:`, findingsText(findings, languageOfRun())));
  for (const warning of warnings) note(line`warning: ${warning}`);
  print(initText({ file, cluster, virtualIP: answers.virtualIP, pools: answers.pools }));
}
