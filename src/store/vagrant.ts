import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KbootError } from '../model/error.ts';
import { child } from '../transport/child.ts';
import { parseSshConfig, type SshSettings } from './ssh-config.ts';
import { remedies } from './remedies.ts';

/** Connection settings of machines, by name, or why there are none. */
export type VagrantAnswers = ReadonlyMap<string, SshSettings | KbootError>;

/**
 * Asks Vagrant for the machines `names` of the Vagrantfile in `dir`, which gets `inventory` as KBOOT_INVENTORY.
 * A machine that is not running does not affect the others. Throws E-VAGRANT if Vagrant or the Vagrantfile fails.
 */
export async function askVagrant(
  dir: string,
  inventory: string,
  names: readonly string[],
): Promise<VagrantAnswers> {
  const folder = await stat(dir).catch(() => undefined);
  if (folder?.isDirectory() !== true)
    throw new KbootError('E-VAGRANT', `the folder of ssh.vagrant does not exist: ${dir}`, {
      remedy: remedies.correctVagrant,
    });
  const all = await vagrant(dir, inventory, ['ssh-config', ...names]);
  if (all.ok) return withAll(names, parseSshConfig(all.stdout));

  // Vagrant gives up at the first machine that is not running or that it does not know.
  const status = await vagrant(dir, inventory, ['status', '--machine-readable']);
  if (!status.ok) throw failure(dir, status);
  const states = machineStates(status.stdout);
  const running = names.filter((name) => states.get(name) === 'running');
  const some = running.length === 0 ? undefined : await vagrant(dir, inventory, ['ssh-config', ...running]);
  if (some?.ok === false) throw failure(dir, some);
  const settings = parseSshConfig(some?.stdout ?? '');
  return new Map([
    ...withAll(running, settings),
    ...names
      .filter((name) => !running.includes(name))
      .map((name) => [name, notRunning(dir, inventory, name, states)] as const),
  ]);
}

/**
 * Distinguishes this machine from an earlier one of the same name: changes whenever Vagrant recreates the machine.
 * Empty if it cannot be read from Vagrant's own folder.
 */
export async function machineIdentity(dir: string, name: string): Promise<string> {
  const machine = join(resolve(dir, process.env['VAGRANT_DOTFILE_PATH'] ?? '.vagrant'), 'machines', name);
  const providers = await readdir(machine).catch(() => []);
  const ids = await Promise.all(
    providers.sort().map((provider) => readFile(join(machine, provider, 'id'), 'utf8').catch(() => '')),
  );
  const id = ids.join('');
  return id === '' ? '' : createHash('sha256').update(id).digest('hex').slice(0, 16);
}

interface Said {
  readonly ok: boolean;
  readonly missing: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function vagrant(dir: string, inventory: string, args: readonly string[]): Promise<Said> {
  const run = child(
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: dir, timeout: '120s' },
    {
      KBOOT_INVENTORY: inventory,
      VAGRANT_CHECKPOINT_DISABLE: '1',
      VAGRANT_NO_COLOR: '1',
      VAGRANT_CWD: dir,
    },
  );
  const { exitCode, stdout, stderr } = await run`vagrant ${args}`;
  const said = { ok: exitCode === 0, missing: exitCode === 127, stdout, stderr };
  if (said.missing) throw failure(dir, said);
  return said;
}

/** Each machine's state, from `TIME,MACHINE,state,STATE` lines (Vagrant's machine-readable output). */
function machineStates(text: string): ReadonlyMap<string, string> {
  const lines = [...text.matchAll(/^\d+,([^,\n]+),state,(.*)$/gm)];
  return new Map(lines.map(([, machine = '', state = '']) => [machine, state]));
}

function withAll(names: readonly string[], settings: VagrantAnswers): VagrantAnswers {
  return new Map(
    names.map((name) => [
      name,
      settings.get(name) ??
        new KbootError('E-VAGRANT', `the output of \`vagrant ssh-config\` does not include ${name}`, {
          host: name,
        }),
    ]),
  );
}

function notRunning(
  dir: string,
  inventory: string,
  host: string,
  states: ReadonlyMap<string, string>,
): KbootError {
  const state = states.get(host);
  if (state === undefined)
    return new KbootError('E-VAGRANT', `the Vagrantfile in ${dir} has no machine ${host}`, {
      host,
      remedy: remedies.sameName({ machines: [...states.keys()].join(', ') }),
    });
  const what =
    state === 'not_created' ? 'is not created yet' : `is not running: ${state.replaceAll('_', ' ')}`;
  return new KbootError('E-VAGRANT', `Vagrant's machine ${host} ${what}`, {
    host,
    remedy: remedies.startMachine({ dir, inventory, host }),
  });
}

function failure(dir: string, { missing, stdout, stderr }: Said): KbootError {
  if (missing)
    return new KbootError('E-VAGRANT', 'vagrant is not installed, but the inventory uses ssh.vagrant', {
      remedy: remedies.installVagrant,
    });
  const told = [...stdout.matchAll(/^\d+,[^,]*,error-exit,[^,]*,(.*)$/gm)].map(([, text = '']) =>
    unescaped(text),
  );
  return new KbootError('E-VAGRANT', `Vagrant failed on the Vagrantfile in ${dir}`, {
    detail: (told.join('\n') || stderr || stdout).trim(),
    remedy: remedies.vagrantStatus({ folder: dir }),
  });
}

/** Vagrant's machine-readable output escapes commas and line breaks. */
function unescaped(text: string): string {
  return text.replaceAll('%!(VAGRANT_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '');
}
