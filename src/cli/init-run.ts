import { hostsOf, refuseMissing, type Answers } from '../app/init/answers.ts';
import { checkedInventory } from '../app/init/checked.ts';
import { inventoryOf } from '../app/init/settle.ts';
import { refuseExisting, writeNewFile } from '../app/init/write.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import type { InitArgs } from './args.ts';
import { terminalAsk } from './ask.ts';
import { askAddresses, askFirst } from './init-ask.ts';
import { flagsOrDefaults, sshFlags } from './init-flags.ts';
import { findingsOf, lookIfAsked, settledHosts, withProposals } from './init-look.ts';
import { reportWritten } from './init-report.ts';
import { isInteractive } from './terminal.ts';

/** Asks for everything that flags do not give, reads the hosts if allowed, and writes a new inventory. */
export async function runInit(args: InitArgs): Promise<ExitStatus> {
  await refuseExisting(args.file);
  const ask = isInteractive() && !args.yes && args.output === 'text' ? await terminalAsk() : undefined;
  const first = ask === undefined ? answersOf(args) : await askFirst(ask, args, answersOf(args));
  if (ask === undefined) refuseMissing(first);
  const look = await lookIfAsked(args, first);
  try {
    const hosts = await settledHosts(ask, args, first, look);
    const second = ask === undefined ? first : await askAddresses(ask, first, hosts, look);
    const answers = await withProposals(second, hosts, look);
    const checked = checkedInventory(inventoryOf(answers, hosts), args.file);
    const findings = findingsOf(checked.cluster, look);
    await writeNewFile(args.file, checked.text);
    const { virtualIP, pools } = answers;
    reportWritten(args, { ...checked, findings, virtualIP, pools });
  } finally {
    await look?.close();
  }
  return exitStatus.done;
}

function answersOf(args: InitArgs): Answers {
  const { name, endpoint } = args;
  return {
    ...{ name, endpoint, virtualIP: args['virtual-ip'], pools: args.pool },
    hosts: [...hostsOf(args['control-plane'], 'control-plane'), ...hostsOf(args.worker, 'worker')],
    ...flagsOrDefaults(args),
    ...sshFlags(args),
  };
}
