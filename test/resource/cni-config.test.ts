import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resetRemovals } from '../../src/desire/reset.ts';
import { cniFolder } from '../../src/resource/cni-config.ts';
import { hostFolder } from '../../src/resource/prelude.ts';
import type { Resource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

const want: Resource = { kind: 'cni-config', stage: 'runtime', keep: [] };

describe.each(shells)('network configurations of other tools, in %s', (shell) => {
  let box: Sandbox;
  const at = (name: string): string => box.path(cniFolder, name);
  const lay = (...names: readonly string[]): void => {
    for (const name of names) box.write(at(name), `{"plugins":[{"type": "bridge"}]} of ${name}\n`);
  };
  const putBy = (of: Resource = want): readonly string[] =>
    /puts by (.*) of an earlier tool/.exec(box.plan(of)?.reason ?? '')?.[1]?.split(', ') ?? [];
  /** The node works: the kubelet was started, and flannel has written its file. */
  const live = (): void => {
    box.write(box.own('units/kubelet'), 'disabled inactive\n');
    box.write(at('10-flannel.conflist'), '{"plugins":[{"type":"flannel"}]}');
  };
  beforeEach(() => {
    box = sandbox(shell, [cniFolder]);
  });
  afterEach(() => {
    box.remove();
  });

  it('are none in a folder that is missing, empty, or has only files that containerd does not read', () => {
    expect(box.plan(want)).toBeUndefined();
    lay('10-containerd-net.conflist.bak', 'README', '99-loopback.conf.disabled');
    expect(box.plan(want)).toBeUndefined();
  });

  it('are all put by as long as flannel has not started: any of them would make the Node ready', () => {
    lay('87-podman-bridge.conflist', '05-cilium.conf', '00-old.json', '10-calico.conflist', '10-weave.conf');
    expect(putBy()).toEqual([
      '00-old.json',
      '05-cilium.conf',
      '10-calico.conflist',
      '10-weave.conf',
      '87-podman-bridge.conflist',
    ]);
    box.write(at('10-flannel.conflist'), 'of an earlier flannel');
    expect(putBy()).toHaveLength(5);
  });

  it('only matter on a node that works if they sort before that of flannel', () => {
    lay(
      '10-containerd-net.conflist',
      '10-flannel.conf',
      '10-flannel.conflist0.conf',
      '87-podman-bridge.conflist',
    );
    live();
    expect(putBy()).toEqual(['10-containerd-net.conflist', '10-flannel.conf']);
  });

  it('leaves files of the inventory, and on a node that works those that build on flannel', () => {
    const multus =
      '{ "name": "m", "type" : "multus-shim", "clusterNetwork": "/host/etc/cni/net.d/10-flannel.conflist" }';
    lay('00-mine.conf');
    box.write(at('00-multus.conf'), multus);
    expect(putBy({ ...want, keep: ['00-mine.conf'] })).toEqual(['00-multus.conf']);
    live();
    expect(putBy({ ...want, keep: ['00-mine.conf'] })).toEqual([]);
    expect(putBy()).toEqual(['00-mine.conf']);
  });

  it('are moved, and returned by a reset; a later one of the same name replaces the earlier', () => {
    lay('00 old.conf', '10-containerd-net.conflist');
    expect(box.apply(box.plan(want))).toEqual({ status: 0, output: '' });
    expect(box.text(at('00 old.conf'))).toBeUndefined();
    expect(box.text(`${box.own('before')}${at('00 old.conf')}`)).toContain('of 00 old.conf');
    expect(box.plan(want)).toBeUndefined();
    box.write(at('00 old.conf'), 'again');
    expect(box.apply(box.plan(want))).toEqual({ status: 0, output: '' });
    const files = resetRemovals({
      ...{ present: true, clusterId: '', owned: 0, kept: 2, containers: 0, keptFolders: [] },
      ...{ swap: false, selinux: false, dockerContainers: null },
    }).find(({ what }) => what === 'files');
    expect(files?.script).toContain(hostFolder);
    expect(box.run(files?.script ?? 'false')).toEqual({ status: 0, output: '' });
    expect(box.text(at('00 old.conf'))).toBe('again');
    expect(box.text(at('10-containerd-net.conflist'))).toContain('of 10-containerd-net.conflist');
  });
});
