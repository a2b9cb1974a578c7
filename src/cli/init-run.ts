import { bastionOf, portOf, sshOf } from '../app/init/ssh.ts';
import { hostsOf, identityIn, auto, refuseMissing, type Answers } from '../app/init/answers.ts';
import { checkedInventory, type CheckedInventory } from '../app/init/checked.ts';
import { proposePool, proposeVirtualIP, virtualIPProblem } from '../app/init/free.ts';
import { lookAt, type Look } from '../app/init/look.ts';
import { inventoryOf, settleHosts, type SettledHost } from '../app/init/settle.ts';
import { refuseExisting, writeNewFile } from '../app/init/write.ts';
import { knownVersions } from '../catalog/release.ts';
import { KbootError, exitStatus, type ExitStatus } from '../model/error.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import { preflight } from '../plan/preflight/preflight.ts';
import { findingsText } from '../view/findings-text.ts';
import { initText } from '../view/init-text.ts';
import { table } from '../view/table.ts';
import { terminalAsk, type Ask } from './ask.ts';
import type { InitArgs } from './args.ts';
import { askAddresses, askFirst } from './init-ask.ts';
import { connectOptions, event, isInteractive, note, print, tellErrors } from './terminal.ts';
import { below, line, view } from '../view/printable.ts';
import { loginName } from '../inventory/login-name.ts';

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
    const findings = look === undefined ? [] : findingsOf(checked, look);
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

/** Reports hosts that could not be read. Continues only if the user confirms. */
async function refuseUnseen(
  ask: Ask | undefined,
  args: InitArgs,
  { hosts }: Answers,
  look: Look,
): Promise<void> {
  const [first] = look.failed.values();
  if (first === undefined) return;
  if (args.output === 'text') tellErrors(look.failed.values());
  const which = [...look.failed.keys()].join(', ');
  if (
    ask !== undefined &&
    (await ask.confirm(`Write the inventory although ${which} could not be read?`, false))
  )
    return;
  throw new KbootError(
    first.code,
    `${look.failed.size} of ${hosts.length} hosts could not be read (${which}); nothing was written.`,
    {
      ...(args.output === 'json' && { detail: first.message }),
      remedy:
        'Fix that and run the same command again, or write the inventory without reading the hosts: --no-look.',
    },
  );
}

const seenTable = view((hosts: readonly SettledHost[]): string => {
  return table(
    hosts.map(({ name, address, sshAddress, seen }) => [
      `  ${name}`,
      address,
      `${seen ?? 'not read'}${sshAddress === undefined ? '' : `; SSH connects to ${sshAddress}`}`,
    ]),
  );
});

/** Replaces `auto` with addresses that the look found, and checks a given virtual IP. */
async function withProposals(
  answers: Answers,
  hosts: readonly SettledHost[],
  look: Look | undefined,
): Promise<Answers> {
  if (look === undefined) return answers;
  const { pools } = answers;
  const virtualIP = answers.virtualIP === auto ? await proposeVirtualIP(look, hosts) : answers.virtualIP;
  const problem =
    virtualIP === undefined || virtualIP !== answers.virtualIP
      ? undefined
      : await virtualIPProblem(look, hosts, virtualIP);
  if (problem !== undefined)
    throw new KbootError('E-USAGE', `--virtual-ip: ${problem} Nothing was written.`, {
      remedy: 'Choose an unused address in the network of the control planes; `--virtual-ip auto` finds one.',
    });
  return {
    ...{ ...answers, virtualIP },
    pools: pools.includes(auto) ? [await proposePool(look, hosts, virtualIP)] : pools,
  };
}

/** Preflight findings for the hosts that were read. */
function findingsOf({ cluster }: CheckedInventory, look: Look): readonly Finding[] {
  return preflight(
    cluster,
    new Map([...look.seen].map(([name, { inspection }]) => [name, inspection])),
    undefined,
    [],
  );
}

function tell(
  args: InitArgs,
  answers: Answers,
  { cluster, warnings }: CheckedInventory,
  findings: readonly Finding[],
): void {
  const { file } = args;
  if (args.output === 'json') {
    for (const finding of findings) event({ type: 'finding', ...finding });
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
    note(below(line`To fix before \`kboot up\`, or to ignore:`, findingsText(findings)));
  for (const warning of warnings) note(line`warning: ${warning}`);
  print(initText({ file, cluster, virtualIP: answers.virtualIP, pools: answers.pools }));
}
