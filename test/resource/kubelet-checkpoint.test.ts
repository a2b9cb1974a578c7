import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kubeletCheckpoint } from '../../src/resource/kubelet-checkpoint.ts';
import type { Action, KubeletCheckpointResource } from '../../src/resource/types.ts';
import { sandbox, type Sandbox } from './sandbox.ts';

const want = (more: Partial<KubeletCheckpointResource> = {}): KubeletCheckpointResource => ({
  ...{ kind: 'kubelet-checkpoint', stage: 'node', cpu: 'none', memory: 'None', reserved: '' },
  ...more,
});
let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => {
  box.remove();
});

/** As the kubelet of v1.36.2 writes it. */
const checkpoint = (policyName: string): string =>
  JSON.stringify({ policyName, defaultCpuSet: '', checksum: 1353318690 });

/** The action on a host with these checkpoints, and this configuration of the kubelet. */
function actionWith(
  resource: KubeletCheckpointResource,
  files: { readonly cpu?: string; readonly memory?: string; readonly config?: string },
): Action | undefined {
  if (files.cpu !== undefined) box.write(box.path('var/lib/kubelet/cpu_manager_state'), files.cpu);
  if (files.memory !== undefined) box.write(box.path('var/lib/kubelet/memory_manager_state'), files.memory);
  if (files.config !== undefined) box.write(box.path('var/lib/kubelet/config.yaml'), files.config);
  const query = kubeletCheckpoint
    .query([resource])
    .replaceAll('/var/lib/kubelet', box.path('var/lib/kubelet'));
  const [seen] = kubeletCheckpoint.read([resource], box.run(query).output);
  if (seen === undefined || seen.state === 'unknown') throw new Error('unknown');
  return kubeletCheckpoint.action(resource, seen, { disturbed: new Set() });
}

describe("the kubelet's checkpoints", () => {
  it('stay where there are none yet, and where they fit', () => {
    expect(actionWith(want({ cpu: 'static', reserved: '0' }), {})).toBeUndefined();
    expect(actionWith(want(), { cpu: checkpoint('none'), memory: checkpoint('None') })).toBeUndefined();
    const config = 'kind: KubeletConfiguration\nreservedSystemCPUs: "0"\n';
    expect(
      actionWith(want({ cpu: 'static', reserved: '0' }), { cpu: checkpoint('static'), config }),
    ).toBeUndefined();
  });

  it('go with another policy, while the kubelet is stopped', () => {
    const action = actionWith(want({ cpu: 'static', reserved: '0' }), {
      cpu: checkpoint('none'),
      memory: checkpoint('None'),
    });
    expect(action).toMatchObject({ verb: 'delete', disturbs: ['kubelet'] });
    expect(action?.reason).toContain('cpuManagerPolicy none becomes static');
    expect(action?.script).toMatch(
      /systemctl stop kubelet[^]*rm -f -- \/var\/lib\/kubelet\/cpu_manager_state$/,
    );
    expect(actionWith(want({ memory: 'Static' }), {})?.reason).toContain(
      'memoryManagerPolicy None becomes Static',
    );
  });

  it('go with other reserved CPUs, if CPUs are assigned at all', () => {
    const config = "reservedSystemCPUs: '0'\n";
    const action = actionWith(want({ cpu: 'static', reserved: '0-1' }), {
      cpu: checkpoint('static'),
      config,
    });
    expect(action?.reason).toContain('reservedSystemCPUs 0 becomes 0-1');
    expect(actionWith(want({ reserved: '0-1' }), { cpu: checkpoint('none') })).toBeUndefined();
  });

  it('go if the kubelet could not read them either', () => {
    expect(actionWith(want(), { cpu: '{"policyNa' })).toMatchObject({ verb: 'delete' });
  });

  it('are unknown if the output is truncated', () => {
    expect(kubeletCheckpoint.read([want()], 'cpu=none\n')).toEqual([
      { state: 'unknown', reason: 'output was truncated' },
    ]);
  });

  it('are unknown if the output was truncated, and have no policy if they name none', () => {
    const [seen] = kubeletCheckpoint.read([want()], 'cpu\n/a/cpu_manager_state:"policyName":"none"\n');
    expect(seen?.state).toBe('unknown');
    expect(actionWith(want(), { cpu: '{}' })).toMatchObject({ verb: 'delete' });
    const config = 'x: 1\nreservedSystemCPUs: "0-1"\nnested:\n  reservedSystemCPUs: "7"\n';
    expect(
      actionWith(want({ cpu: 'static', reserved: '0' }), { cpu: checkpoint('static'), config })?.reason,
    ).toContain('reservedSystemCPUs 0-1 becomes 0');
  });
});
