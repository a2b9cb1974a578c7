import { auto, type Answers } from '../app/init/answers.ts';
import { proposePool, proposeVirtualIP, virtualIPProblem } from '../app/init/free.ts';
import { lookAt, type Look } from '../app/init/look.ts';
import { settleHosts, type SettledHost } from '../app/init/settle.ts';
import { sshOf } from '../app/init/ssh.ts';
import type { Cluster } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import { preflight } from '../plan/preflight/preflight.ts';
import { line, view } from '../view/printable.ts';
import { table } from '../view/table.ts';
import type { InitArgs } from './args.ts';
import type { Ask } from './ask.ts';
import { connectOptions, note, tellErrors } from './terminal.ts';
import { remedies } from './remedies.ts';

/** Reads the hosts if the answers say so. */
export async function lookIfAsked(
  { file, concurrency, output }: InitArgs,
  answers: Answers,
): Promise<Look | undefined> {
  const { hosts } = answers;
  if (!answers.look) return undefined;
  if (output === 'text') note(line`reading ${plural(hosts.length, 'host')}`);
  return await lookAt(hosts, { file, concurrency, ...sshOf(answers) }, connectOptions());
}

/** The hosts with what the look found of them, which is shown. Throws the error of one that could not be read. */
export async function settledHosts(
  ask: Ask | undefined,
  args: InitArgs,
  answers: Answers,
  look: Look | undefined,
): Promise<readonly SettledHost[]> {
  if (look !== undefined) await refuseUnseen(ask, args, answers, look);
  const hosts = settleHosts(answers.hosts, look);
  if (look !== undefined && args.output === 'text') note(seenTable(hosts));
  return hosts;
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
      remedy: remedies.fixOrNoLook,
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
export async function withProposals(
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
      remedy: remedies.unusedAddress,
    });
  return {
    ...{ ...answers, virtualIP },
    pools: pools.includes(auto) ? [await proposePool(look, hosts, virtualIP)] : pools,
  };
}

/** Preflight findings for the hosts that were read. */
export function findingsOf(cluster: Cluster, look: Look | undefined): readonly Finding[] {
  if (look === undefined) return [];
  return preflight(
    cluster,
    new Map([...look.seen].map(([name, { inspection }]) => [name, inspection])),
    undefined,
    [],
  );
}
