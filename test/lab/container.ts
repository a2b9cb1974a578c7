import { existsSync, readFileSync } from 'node:fs';
import { hostId, volumeId } from './names.ts';
import { netnsDir } from './network.ts';
import { $ } from './shell.ts';

/** A podman container that will boot systemd; created, not started. */
export async function createContainer(id: string, host: string, image: string): Promise<void> {
  const name = hostId(id, host);
  await $`podman ${runtimeFlags()} create ${[
    ...['--name', name, '--hostname', host, '--network', `ns:${netnsDir}/${name}`],
    ...['--privileged', '-e', 'container=podman', '--no-hosts', '--dns', 'none', '--log-driver', 'none'],
    ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp', '-v', `${volumeId(id, host)}:/var`],
    ...ulimitFlags(),
    ...cgroupFlags(),
    image,
  ]}`;
}

/** Runs `edit` on the root file system of a container that is not running. */
export async function editRootfs(
  id: string,
  host: string,
  edit: (root: string) => Promise<void>,
): Promise<void> {
  const name = hostId(id, host);
  const root = (await $`podman mount ${name}`).stdout.trim();
  try {
    await edit(root);
  } finally {
    await $`podman unmount ${name}`;
  }
}

/** Power on. */
export async function startContainer(id: string, host: string): Promise<void> {
  await $`podman ${runtimeFlags()} start ${hostId(id, host)}`;
}

/** Power cut: every process of the host ends at once, and nothing more is written. */
export async function killContainer(id: string, host: string): Promise<void> {
  const name = hostId(id, host);
  await $`podman ${runtimeFlags()} kill --signal KILL ${name}`;
  await $`podman ${runtimeFlags()} wait ${name}`;
}

/** Removes a container, running or not, with its disk. */
export async function removeContainer(id: string, host: string): Promise<void> {
  await $`podman ${runtimeFlags()} rm -f -t 0 ${hostId(id, host)}`;
  await $`podman volume rm ${volumeId(id, host)}`;
}

/** Whether podman has the host's container, and whether it runs. */
export async function containerStates(id: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await $`podman ps -a --filter ${`name=^${id}[.]`} --format json`;
  const found = JSON.parse(stdout) as readonly {
    readonly Names: readonly string[];
    readonly State: string;
  }[];
  return new Map(
    found.flatMap(({ Names, State }) => Names.map((name) => [name.slice(id.length + 1), State] as const)),
  );
}

const unifiedCgroups = (): boolean => existsSync('/sys/fs/cgroup/cgroup.controllers');

/** crun refuses the hybrid hierarchy of cgroup v1, and podman's systemd manager needs v2. */
function runtimeFlags(): readonly string[] {
  return unifiedCgroups() ? [] : ['--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
}

/** On v1 podman's systemd mode mounts the systemd hierarchy twice, which breaks pods. */
function cgroupFlags(): readonly string[] {
  return unifiedCgroups() ? ['--systemd=always'] : ['--cgroupns=private', '--systemd=false'];
}

/** Limits that this process may set: without CAP_SYS_RESOURCE a runtime cannot raise them. */
function ulimitFlags(): readonly string[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = (label: string, atMost: number): number => {
    const found = new RegExp(`^${label}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits)?.[1];
    return found === undefined ? atMost : Math.min(Number(found), atMost);
  };
  const files = hard('Max open files', 1_048_576);
  const processes = hard('Max processes', 32_768);
  return ['--ulimit', `nofile=${files}:${files}`, '--ulimit', `nproc=${processes}:${processes}`];
}
