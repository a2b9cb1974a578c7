import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import {
  containerStates,
  createContainer,
  editRootfs,
  killContainer,
  removeContainer,
  startContainer,
} from './container.ts';
import { dismantle, onProcessEnd, ownId, sweep, temporaryDir } from './dismantle.ts';
import { hashPasswords, labFiles, makeKeys, newPasswords, personalize } from './identity.ts';
import type { LabFiles, LabPasswords } from './identity.ts';
import { ensureImage } from './image.ts';
import { addressOf, checkNames, gatewayOf, labId, noOwner } from './names.ts';
import type { LabAddress, LabHost } from './names.ts';
import { delay, ensureBridge, insideNamespace, limit, plug, setCable, unplug } from './network.ts';
import { attempt } from './shell.ts';

export interface LabOptions {
  /** DNS label; for people, to distinguish labs. */
  readonly name: string;
  readonly hosts: readonly LabHost[];
  /** Folder of keys and lab.json; default: a temporary folder that is removed with the lab. */
  readonly dir?: string;
  /** true: the lab outlives this process, until `down`. */
  readonly keep?: boolean;
  /** Hosts whose /etc/fstab names a swap file (that does not exist yet). */
  readonly swapLine?: readonly string[];
  /** Called with the name of slow operations. */
  readonly say?: (line: string) => void;
}

/** The result of a command inside the lab. */
export interface LabResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Running hosts, and functions to break them. */
export interface Lab extends LabFiles {
  /** The lab's name on the machine, and that of the namespace of its bridge. */
  readonly id: string;
  readonly gateway: string;
  readonly hosts: readonly LabHost[];
  readonly passwords: LabPasswords;
  /** The argv that runs `argv` inside the bridge's namespace. */
  inside(argv: readonly string[]): readonly string[];
  /** The same lab, used from another network namespace: what says bridge here means that one. */
  from(namespace: string): Lab;
  /** Runs a command inside the bridge's namespace. A non-zero exit is a result. */
  exec(
    argv: readonly string[],
    options?: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly input?: string },
  ): Promise<LabResult>;
  /** Runs a shell command on a host, as root or `user`. A non-zero exit is a result; 255: ssh itself failed. */
  ssh(
    host: string,
    command: string,
    options?: { readonly user?: string; readonly input?: string },
  ): Promise<LabResult>;
  /** The argv of ssh to a host, to be run inside the bridge's namespace. */
  sshArgv(host: string, user?: string): readonly string[];
  /** Power cut: the host and its network stop at once; its disk stays. */
  kill(host: string): Promise<void>;
  /** Power on, with a fresh network; resolves once systemd is up and sshd answers. */
  boot(host: string): Promise<void>;
  /** Another machine under the same name, address and SSH host key, with an empty disk; resolves as boot does. */
  replace(host: string): Promise<void>;
  /** Pulls the host's network cable; everything on it runs on. */
  cut(host: string): Promise<void>;
  mend(host: string): Promise<void>;
  /** `ms` more round trip from the bridge to every host (2·ms between hosts); 0 removes it. Not kept across a boot. */
  netem(ms: number, options?: { readonly lossPercent?: number }): Promise<void>;
  /** Limits what each host sends and receives to so many bits per second; 0 removes the limits. Not kept across a boot. */
  limit(bitsPerSecond: number): Promise<void>;
  /** podman's state of each host: running, exited, … */
  states(): Promise<ReadonlyMap<string, string>>;
  /** Removes the whole lab; safe to call twice. */
  down(): Promise<void>;
}

interface LabRecord {
  readonly id: string;
  readonly hosts: readonly LabHost[];
  readonly passwords: LabPasswords;
}

/**
 * Boots a lab: all hosts at once, each with sshd answering when the promise resolves.
 * Unless `keep`, it ends with this process. First removes leftovers of dead labs. Needs root and podman.
 */
export async function createLab(options: LabOptions): Promise<Lab> {
  const { name, hosts, say = () => undefined } = options;
  checkNames(name, hosts);
  const gateway = gatewayOf(hosts);
  sweep();
  const id = options.keep === true ? labId(noOwner, name) : ownId(name);
  const dir = options.dir ?? temporaryDir(id);
  dismantle(id);
  await mkdir(dir, { recursive: options.dir !== undefined, mode: 0o700 });
  const record: LabRecord = { id, hosts, passwords: newPasswords() };
  const lab = options.keep === true ? labOf(dir, record) : owned(labOf(dir, record));
  try {
    raiseInotifyLimits();
    await removeFiles(dir);
    await makeKeys(labFiles(dir), hosts);
    await writeFile(join(dir, 'lab.json'), JSON.stringify(record, null, 2), { mode: 0o600 });
    const image = await ensureImage(say);
    await ensureBridge({ id, gateway });
    const limit = pLimit(10);
    await Promise.all(
      hosts.map((host) =>
        limit(async () => {
          await create(dir, record, host, image, options.swapLine?.includes(host.name) === true);
          await lab.boot(host.name);
        }),
      ),
    );
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** The kept lab whose files are in `dir`; undefined if there is none. */
export async function openLab(dir: string): Promise<Lab | undefined> {
  let text: string;
  try {
    text = await readFile(join(dir, 'lab.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return labOf(dir, JSON.parse(text) as LabRecord);
}

/** Makes a host's container with an empty disk, keys and passwords in it; it does not run yet. */
async function create(
  dir: string,
  { id, hosts, passwords }: LabRecord,
  host: LabHost,
  image: string,
  swapLine: boolean,
): Promise<void> {
  // podman requires that the namespace exists; boot creates it again.
  await plug({ id, gateway: gatewayOf(hosts) }, host.name, addressOf(host));
  await createContainer(id, host.name, image);
  const shadow = await hashPasswords(passwords);
  await editRootfs(id, host.name, (root) =>
    personalize(root, host, { files: labFiles(dir), hosts, shadow, swapLine }),
  );
}

function labOf(dir: string, record: LabRecord, namespace = record.id): Lab {
  const { id, hosts, passwords } = record;
  const files = labFiles(dir);
  const gateway = gatewayOf(hosts);
  const hostOf = (host: string): LabHost => {
    const found = hosts.find(({ name }) => name === host);
    if (found === undefined)
      throw new Error(`the lab has no host ${host}; it has ${hosts.map((h) => h.name).join(', ')}`);
    return found;
  };
  const named = (host: string): LabAddress => addressOf(hostOf(host));
  const lab: Lab = {
    ...files,
    id,
    gateway: gateway.ipv4,
    hosts,
    passwords,
    inside: (argv) => insideNamespace(namespace, argv),
    from: (other) => labOf(dir, record, other),
    exec: async (argv, { env, cwd, input } = {}) => {
      const given = {
        ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
        ...(cwd === undefined ? {} : { cwd }),
        input: input ?? '',
      };
      const { exitCode, stdout, stderr } = await attempt(given)`${lab.inside(argv)}`;
      return { exitCode, stdout, stderr };
    },
    sshArgv: (host, user = 'root') => [
      ...['ssh', '-F', 'none', '-i', files.identityFile, '-o', `UserKnownHostsFile=${files.knownHosts}`],
      ...[
        '-o',
        'StrictHostKeyChecking=yes',
        '-o',
        'BatchMode=yes',
        '-o',
        'ConnectTimeout=5',
        '-o',
        'LogLevel=ERROR',
      ],
      `${user}@${named(host).ipv4}`,
    ],
    ssh: (host, command, { user, input } = {}) =>
      lab.exec([...lab.sshArgv(host, user), command], input === undefined ? {} : { input }),
    kill: async (host) => {
      named(host);
      await killContainer(id, host);
      await unplug(id, host);
    },
    boot: async (host) => {
      await ensureBridge({ id, gateway });
      await plug({ id, gateway }, host, named(host));
      await startContainer(id, host);
      await booted(lab, host);
    },
    replace: async (host) => {
      await removeContainer(id, host);
      await create(dir, { id, hosts, passwords }, hostOf(host), await ensureImage(() => undefined), false);
      await lab.boot(host);
    },
    cut: (host) => setCable(id, named(host), 'down'),
    mend: (host) => setCable(id, named(host), 'up'),
    netem: async (ms, { lossPercent = 0 } = {}) => {
      await Promise.all(hosts.map((host) => delay(id, addressOf(host), ms, lossPercent)));
    },
    limit: async (bitsPerSecond) => {
      await Promise.all(hosts.map((host) => limit(id, host.name, addressOf(host), bitsPerSecond)));
    },
    states: () => containerStates(id),
    down: async () => {
      dismantle(id);
      await removeFiles(dir);
    },
  };
  return lab;
}

/** The same lab, taken down when this process ends. */
function owned(lab: Lab): Lab {
  const callOff = onProcessEnd(() => {
    dismantle(lab.id);
    rmSync(lab.dir, { recursive: true, force: true });
  });
  return {
    ...lab,
    down: async () => {
      callOff();
      await lab.down();
      await rm(lab.dir, { recursive: true, force: true });
    },
  };
}

/** Waits until systemd has finished booting; throws with the last output of the host. */
async function booted(lab: Lab, host: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const result = await lab.ssh(host, 'timeout 20 systemctl is-system-running --wait');
    if (result.exitCode === 0 || result.stdout.trim() === 'degraded') return;
    if (Date.now() > deadline)
      throw new Error(`lab host ${host} does not answer: ${result.stderr}${result.stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Removes what a lab writes into its folder, and nothing else. */
async function removeFiles(dir: string): Promise<void> {
  for (const name of ['id_ecdsa', 'id_ecdsa.pub', 'known_hosts', 'lab.json', 'host-keys']) {
    await rm(join(dir, name), { recursive: true, force: true });
  }
}

/** All hosts share the machine's inotify limits: five kubelets exceed the default. */
function raiseInotifyLimits(): void {
  const wanted = { max_user_instances: 8192, max_user_watches: 524_288 };
  for (const [name, value] of Object.entries(wanted)) {
    const path = `/proc/sys/fs/inotify/${name}`;
    if (Number(readFileSync(path, 'utf8')) < value) writeFileSync(path, String(value));
  }
}
