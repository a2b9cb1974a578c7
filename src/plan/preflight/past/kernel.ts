import { kernelModules } from '../../../desire/text/host.ts';
import { isNode } from '../../../model/cluster.ts';
import { at, levelOf, type PastCheck, type Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

/** Without these, the kubelet does not start (kubernetes/system-validators, cgroup_validator_linux.go). */
const controllers: Readonly<Record<1 | 2, readonly string[]>> = {
  1: ['cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids'],
  2: ['cpu', 'cpuset', 'memory', 'pids'],
};

/** Controllers of cgroups that the kernel does not offer, such as `memory` on a Raspberry Pi. */
export const cgroupControllers: PastCheck = (host, seen) => {
  const has = seen.past.cgroupControllers;
  const missing = controllers[seen.cgroupVersion].filter((name) => !has.includes(name));
  if (!isNode(host) || has.length === 0 || missing.length === 0) return [];
  const options = missing
    .map((name) => `cgroup_enable=${name}${name === 'memory' ? ' cgroup_memory=1' : ''}`)
    .join(' ');
  return [
    {
      check: 'CgroupControllers',
      level: levelOf(seen),
      message: `the kernel offers no cgroup controller ${missing.join(', ')}; the kubelet needs ${missing.length === 1 ? 'it' : 'them'}`,
      ...remedyFields(remedies.bootWith({ options })),
    },
  ];
};

/** Lines of modprobe.d that keep kboot's kernel modules away: `install`, now and at boot; `blacklist`, at boot. */
export const kernelModulesBlocked: PastCheck = (host, seen, cluster) => {
  const wanted = kernelModules(cluster);
  if (!isNode(host)) return [];
  return seen.past.modprobe
    .filter(({ module }) => wanted.includes(module))
    .map((line): Shortcoming => ({
      check: 'KernelModules',
      level: levelOf(seen),
      message: `${at(line)} (${line.command} ${line.module}) keeps the kernel module ${line.module} from being loaded${line.command === 'blacklist' ? ' at boot' : ''}; Pods need it`,
      ...remedyFields(remedies.removeLineOf({ file: line.file })),
    }));
};

/** Folders of programs on a file system that does not run any; of volumes, whose programs some Pods run. */
export const noExec: PastCheck = (host, seen) =>
  !isNode(host)
    ? []
    : seen.past.noExec.map(({ folder, mountPoint }): Shortcoming => ({
        check: 'NoExec',
        level: folder === '/var/lib/kubelet' ? 'warning' : levelOf(seen),
        message: `${mountPoint} is mounted noexec: ${folder === '/var/lib/kubelet' ? `Pods cannot run programs in their volumes below ${folder}` : `programs in ${folder} cannot run`}`,
        ...remedyFields(remedies.remount({ folder: mountPoint })),
      }));
