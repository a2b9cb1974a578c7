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
  query: () => `for n in cpu memory; do
  f=${folder}/$\{n}_manager_state
  [ ! -e $f ] || echo "$n=$(grep -o '"policyName":"[^"]*"' $f | cut -d'"' -f4)"
done
echo "reserved=$(sed -n 's/^reservedSystemCPUs: *//p' ${folder}/config.yaml 2>/dev/null | tr -d \\"\\')"`,
  read(wants, output) {
    const values = new Map(
      lines(output).flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
      }),
    );
    const reserved = values.get('reserved');
    if (reserved === undefined)
      return wants.map(() => ({ state: 'unknown', reason: 'output was truncated' }));
    const [cpu, memory] = [values.get('cpu'), values.get('memory')];
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
