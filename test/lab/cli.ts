import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dismantle } from './dismantle.ts';
import { createLab, openLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { labId, noOwner } from './names.ts';
import type { LabHost } from './names.ts';
import { missingForLab } from './requirements.ts';

const usage = `npm run lab -- COMMAND          real hosts on this machine, in podman containers

  up [NAME=ADDRESS…]      boot the lab (default: cp-1=10.77.0.11 w-1=10.77.0.21 w-2=10.77.0.22);
                          dual-stack: cp-1=10.77.0.11,fd00:77::11 …
  status                  hosts, addresses, whether they run, the key to log in with
  ssh HOST [CMD…]         a shell on a host, or one command
  exec -- CMD…            a command on this machine, in the lab's network (kboot, curl, ping)
  kill HOST               power cut
  boot HOST               power on
  replace HOST            another machine with the same name, address and host key, and empty disks
  cut HOST | mend HOST    pull or replug its network cable
  netem MS                add MS of round trip between this machine and the hosts; 0 removes it
  down                    remove everything
  check                   list what this machine lacks for a lab, if anything
  --lab NAME              another lab (default: lab)
`;

const standardHosts: readonly LabHost[] = [
  { name: 'cp-1', address: '10.77.0.11' },
  { name: 'w-1', address: '10.77.0.21' },
  { name: 'w-2', address: '10.77.0.22' },
];

type Command = (lab: Lab, args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  status,
  ssh: (lab, [host = '', ...words]) => {
    const interactive = words.length === 0 ? ['-t'] : [];
    const [ssh = '', ...rest] = lab.sshArgv(host);
    return run(lab.inside([ssh, ...interactive, ...rest, ...words]));
  },
  exec: (lab, argv) => run(lab.inside(argv)),
  kill: (lab, [host = '']) => lab.kill(host).then(() => 0),
  boot: (lab, [host = '']) => lab.boot(host).then(() => 0),
  replace: (lab, [host = '']) => lab.replace(host).then(() => 0),
  cut: (lab, [host = '']) => lab.cut(host).then(() => 0),
  mend: (lab, [host = '']) => lab.mend(host).then(() => 0),
  netem: (lab, [ms = '0']) => lab.netem(Number(ms)).then(() => 0),
  down: (lab) => lab.down().then(() => 0),
};

process.exitCode = await main(process.argv.slice(2));

/** Runs one command line; returns the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  const { name, command, args } = parse(argv);
  const dir = join(import.meta.dirname, '../../.lab', name === 'lab' ? '' : name);
  const missing = missingForLab();
  if (missing.length > 0) return fail(missing.join('\n'));
  if (command === 'check') return 0;
  try {
    if (command === 'up') return await up(name, dir, args);
    const perform = commands[command];
    if (perform === undefined) return fail(usage);
    const lab = await openLab(dir);
    if (lab !== undefined) return await perform(lab, args);
    if (command !== 'down') return fail('No lab is up: npm run lab -- up');
    dismantle(labId(noOwner, name));
    return 0;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** Removes `--lab NAME` from the beginning or the end, but nothing from a command to run. */
function parse(argv: readonly string[]): { name: string; command: string; args: readonly string[] } {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: { lab: { type: 'string' } },
  });
  const flag = tokens.find((token) => token.kind === 'option' && token.name === 'lab');
  const first = tokens.find((token) => token.kind === 'positional');
  const name = flag?.kind === 'option' ? (flag.value ?? 'lab') : 'lab';
  const verbatim = first?.kind === 'positional' && ['ssh', 'exec'].includes(first.value);
  const before = flag !== undefined && first !== undefined && flag.index < first.index;
  const mine = verbatim && !before ? undefined : flag;
  const rest = argv.filter((_, index) => {
    if (mine?.kind !== 'option') return true;
    return index !== mine.index && (mine.inlineValue === true || index !== mine.index + 1);
  });
  const [command = 'help', ...args] = rest;
  return { name: mine === undefined ? 'lab' : name, command, args: args[0] === '--' ? args.slice(1) : args };
}

async function up(name: string, dir: string, args: readonly string[]): Promise<number> {
  const hosts = args.length === 0 ? standardHosts : args.map(hostOf);
  const started = Date.now();
  const existing = await openLab(dir);
  const states = await existing?.states();
  if (existing !== undefined && states !== undefined && states.size > 0) {
    const off = existing.hosts.filter((host) => states.get(host.name) !== 'running');
    await Promise.all(off.map((host) => existing.boot(host.name)));
    return status(existing);
  }
  const lab = await createLab({
    name,
    hosts,
    dir,
    keep: true,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  process.stderr.write(`up in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return status(lab);
}

async function status(lab: Lab): Promise<number> {
  const states = await lab.states();
  const lines = lab.hosts.map(
    ({ name, address }) =>
      `${name.padEnd(16)}${address.padEnd(address.includes(',') ? 40 : 16)}${states.get(name) ?? 'gone'}`,
  );
  const key = `user root (also ops, opspw, nosudo: passwords in ${join(lab.dir, 'lab.json')}), key ${lab.identityFile}`;
  process.stdout.write(`${lines.join('\n')}\n${key}\nkboot: npm run lab -- exec -- CMD…\n`);
  return [...states.values()].every((state) => state === 'running') ? 0 : 1;
}

function hostOf(text: string): LabHost {
  const [name = '', address = ''] = text.split('=');
  return { name, address };
}

/** Runs a command on this terminal; resolves to its exit status. */
function run([file = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}
