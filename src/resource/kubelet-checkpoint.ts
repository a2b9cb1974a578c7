import { hostFolder } from './prelude.ts';
import { lines } from '../model/shell.ts';
import type { Kind, KubeletCheckpointResource } from './types.ts';

interface Found {
  /** Policies that the kubelet's checkpoints are from; absent: there is no such checkpoint. */
  readonly cpu?: string;
  readonly memory?: string;
  /** `reservedSystemCPUs` of the configuration that the kubelet has. */
  readonly reserved: string;
}

const folder = '/var/lib/kubelet';
const files = { cpu: `${folder}/cpu_manager_state`, memory: `${folder}/memory_manager_state` } as const;

/**
 * The kubelet's checkpoints of its CPU and memory manager. It refuses to start if they are from another policy
 * (pkg/kubelet/cm/cpumanager/state/state_checkpoint.go, restoreState), or lack CPUs that are now reserved
 * (policy_static.go, validateState): then they go, while the kubelet is stopped, before its configuration changes.
 */
export const kubeletCheckpoint: Kind<KubeletCheckpointResource, Found> = {
  name: () => 'checkpoints',
  query: () => `for n in cpu memory; do [ ! -e ${folder}/$\{n}_manager_state ] || echo "$n"; done
grep -sHoE -e '"policyName":"[^"]*"' -e '^reservedSystemCPUs:.*' -- ${files.cpu} ${files.memory} ${folder}/config.yaml
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.at(-1) !== 'read') return wants.map(() => ({ state: 'unknown', reason: 'output was truncated' }));
    const first = (file: string, start: string): string => {
      const mark = `/${file}:${start}`;
      const line = all.find((each) => each.startsWith('/') && each.includes(mark)) ?? '';
      return line === '' ? '' : line.slice(line.indexOf(mark) + mark.length);
    };
    const policy = (name: keyof typeof files): string | undefined =>
      all.includes(name) ? first(`${name}_manager_state`, '"policyName":"').replace(/".*/, '') : undefined;
    const [cpu, memory] = [policy('cpu'), policy('memory')];
    const reserved = first('config.yaml', 'reservedSystemCPUs:').replace(/^ +/, '').replaceAll(/["']/g, '');
    const found = {
      ...(cpu !== undefined && { cpu }),
      ...(memory !== undefined && { memory }),
      reserved,
    };
    return wants.map(() => ({ state: 'present', found }));
  },
  action(want, observation) {
    if (observation.state === 'absent') return undefined;
    const { cpu, memory, reserved } = observation.found;
    const otherCpu =
      cpu !== undefined && (cpu !== want.cpu || (cpu !== 'none' && reserved !== want.reserved));
    const otherMemory = memory !== undefined && memory !== want.memory;
    if (!otherCpu && !otherMemory) return undefined;
    const reasons = [
      ...(otherCpu
        ? [
            cpu === want.cpu
              ? `reservedSystemCPUs ${reserved} becomes ${want.reserved}`
              : `cpuManagerPolicy ${cpu} becomes ${want.cpu}`,
          ]
        : []),
      ...(otherMemory ? [`memoryManagerPolicy ${memory} becomes ${want.memory}`] : []),
    ];
    const gone = [...(otherCpu ? [files.cpu] : []), ...(otherMemory ? [files.memory] : [])];
    return {
      verb: 'delete',
      reason: `${reasons.join(', ')}: the kubelet would not start with them; Pods keep their CPUs and memory until they are replaced`,
      effects: [{ component: 'kubelet', kind: 'restart' }],
      disturbs: ['kubelet'],
      script: `rm -f ${hostFolder}/running/kubelet
! systemctl is-active -q kubelet || systemctl stop kubelet || exit 1
rm -f -- ${gone.join(' ')}`,
      timeoutSeconds: 60,
    };
  },
};
