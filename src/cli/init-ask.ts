import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { hostsOf, identityIn, isNodeAddress, planesOf, type Answers } from '../app/init/answers.ts';
import { proposePool, proposeVirtualIP, virtualIPProblem } from '../app/init/free.ts';
import type { Look } from '../app/init/look.ts';
import { planeNetwork, type SettledHost } from '../app/init/settle.ts';
import { isProblem, parseRange, parseUnicast } from '../inventory/address.ts';
import { parseEndpoint } from '../inventory/endpoint.ts';
import { dnsLabel, dnsName, nodeName, parsedBy } from '../inventory/fields.ts';
import type { NewHost } from '../view/new-inventory.ts';
import type { Ask } from './ask.ts';
import type { InitArgs } from './args.ts';

/** Asks the questions that can be asked before reading the hosts; flags that are given answer theirs. */
export async function askFirst(ask: Ask, args: InitArgs, given: Answers): Promise<Answers> {
  const named = basename(args.file).replace(/\.ya?ml$/, '');
  const name =
    given.name ??
    (await ask.text({
      message: 'Name of the cluster',
      initial: dnsLabel(named) === undefined ? named : 'cluster',
      check: must('The name', dnsLabel),
    }));
  const hosts = given.hosts.length > 0 ? given.hosts : await askHosts(ask);
  const user =
    args.user ??
    (await ask.text({
      message: 'SSH user: root, or a user who may use sudo',
      initial: given.user,
      check: (answer) => (answer === '' ? 'A user name is required.' : undefined),
    }));
  const identityFile = given.identityFile ?? (await askIdentity(ask, args.file));
  const look =
    args.look ??
    (await ask.confirm(
      'Log in to the hosts over SSH now and read their addresses and hardware? Nothing is changed.',
      true,
    ));
  return { ...given, name, hosts, user, identityFile, look };
}

async function askHosts(ask: Ask): Promise<Answers['hosts']> {
  const question = (message: string, role: NewHost['role'], least: number): Promise<string> =>
    ask.text({
      message,
      placeholder: role === 'worker' ? 'w-1=10.0.0.21 w-2=10.0.0.22' : 'cp-1=10.0.0.11',
      check: (answer) => hostsProblem(wordsOf(answer), role, least),
    });
  const planes = await question(
    'Control planes as NAME=ADDRESS, separated by spaces: 1, 3 or 5',
    'control-plane',
    1,
  );
  const workers = await question(
    'Workers in the same form; if empty, the control planes run Pods too',
    'worker',
    0,
  );
  return [...hostsOf(wordsOf(planes), 'control-plane'), ...hostsOf(wordsOf(workers), 'worker')];
}

const wordsOf = (answer: string): string[] => answer.split(/\s+/).filter(Boolean);

function hostsProblem(words: readonly string[], role: NewHost['role'], least: number): string | undefined {
  if (words.length < least) return 'At least one is required.';
  try {
    for (const { name, stated } of hostsOf(words, role)) {
      const problem = must(`The name ${name}`, nodeName)(name);
      if (problem !== undefined) return problem;
      if (!isNodeAddress(stated) && dnsName(stated.toLowerCase()) !== undefined)
        return `${name}: "${stated}" is not a valid address or name of a host.`;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function askIdentity(ask: Ask, file: string): Promise<string | undefined> {
  const usual = ['id_ed25519', 'id_ecdsa', 'id_rsa'].find((name) =>
    existsSync(join(homedir(), '.ssh', name)),
  );
  const answer = await ask.text({
    message: 'Private key file for SSH; if empty: the agent, the default files, or a password',
    initial: usual === undefined ? '' : `~/.ssh/${usual}`,
    check: (path) =>
      path === '' || existsSync(path.replace(/^~(?=\/)/, homedir())) ? undefined : `${path} does not exist.`,
  });
  return answer === '' ? undefined : identityIn(file, answer);
}

/** Asks the questions that need the hosts: how to reach the API servers, and addresses for Services. */
export async function askAddresses(
  ask: Ask,
  answers: Answers,
  hosts: readonly SettledHost[],
  look: Look | undefined,
): Promise<Answers> {
  const entry =
    answers.virtualIP !== undefined || answers.endpoint !== undefined
      ? answers
      : { ...answers, ...(await askEntry(ask, answers, hosts, look)) };
  return { ...entry, pools: await askPools(ask, entry, hosts, look) };
}

/** Asks what is in front of the API servers. */
export async function askEntry(
  ask: Ask,
  answers: Answers,
  hosts: readonly SettledHost[],
  look: Look | undefined,
): Promise<Pick<Answers, 'virtualIP' | 'endpoint'>> {
  const several = planesOf(answers.hosts).length > 1;
  const none = { none: 'nothing: clients use the only control plane; a second one can never be added' };
  const way = await ask.choose('What is in front of the API servers?', {
    virtualIP: 'a virtual IP, with keepalived and haproxy on the control planes',
    endpoint: 'your own load balancer',
    ...(several ? {} : none),
  });
  if (way === 'endpoint')
    return {
      endpoint: await ask.text({
        message: 'Address or name, and port',
        placeholder: 'api.example.com:6443',
        check: must('The endpoint', parsedBy(parseEndpoint)),
      }),
    };
  return way === 'none' ? {} : { virtualIP: await askVirtualIP(ask, hosts, look) };
}

async function askVirtualIP(
  ask: Ask,
  hosts: readonly SettledHost[],
  look: Look | undefined,
): Promise<string> {
  const proposal =
    look === undefined || planeNetwork(hosts) === undefined ? undefined : await proposeVirtualIP(look, hosts);
  let message = "Virtual IP: unused, in the control planes' network, outside the DHCP range";
  for (;;) {
    const virtualIP = await ask.text({
      message,
      ...(proposal !== undefined && { initial: proposal }),
      check: must('The virtual IP', parsedBy(parseUnicast)),
    });
    const problem =
      look && virtualIP !== proposal ? await virtualIPProblem(look, hosts, virtualIP) : undefined;
    if (problem === undefined) return virtualIP;
    message = `${problem} Choose another`;
  }
}

async function askPools(
  ask: Ask,
  { pools, virtualIP }: Answers,
  hosts: readonly SettledHost[],
  look: Look | undefined,
): Promise<readonly string[]> {
  if (pools.length > 0) return pools;
  const canPropose = look !== undefined && planeNetwork(hosts) !== undefined;
  const choice = await ask.choose('Addresses for Services of type LoadBalancer (MetalLB)?', {
    none: 'none',
    range: 'a range that I enter',
    ...(canPropose ? { propose: 'propose ten free addresses (takes up to half a minute)' } : {}),
  });
  if (choice === 'none') return [];
  const initial = choice === 'propose' && look ? await proposePool(look, hosts, virtualIP) : undefined;
  const answer = await ask.text({
    message: 'Range of unused addresses, without the virtual IP, outside the DHCP range',
    placeholder: '10.0.0.200-10.0.0.220',
    ...(initial !== undefined && { initial }),
    check: must('The range', (text) => {
      const range = parseRange(text);
      return isProblem(range) ? range.problem : undefined;
    }),
  });
  return [answer];
}

/** A check of the inventory, with its message as a sentence. */
function must(
  what: string,
  check: (text: string) => string | undefined,
): (text: string) => string | undefined {
  return (text) => {
    const problem = check(text);
    return problem === undefined ? undefined : `${what} ${problem}.`;
  };
}
