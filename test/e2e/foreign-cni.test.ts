import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, hasClusterBundle, unlessSkipped, type ClusterSite } from './cluster.ts';

// A network configuration of an earlier tool, before the first up and on a running node.

const folder = '/etc/cni/net.d';
/** As containerd's release archives have it, with a bridge of its own. */
const foreign = JSON.stringify({
  cniVersion: '1.0.0',
  name: 'old',
  plugins: [
    {
      ...{ type: 'bridge', bridge: 'old0', isGateway: true, ipMasq: true },
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
});
const lay = (...names: readonly string[]): Promise<string> =>
  output(
    site.lab,
    'cp-1',
    names.map((name) => `mkdir -p ${folder}; echo '${foreign}' > ${folder}/${name}`).join('; '),
  );

let site: ClusterSite;

interface PodList {
  readonly items: readonly {
    readonly spec: { readonly hostNetwork?: boolean };
    readonly status: { readonly podIP?: string };
  }[];
}

/** The first two numbers of the addresses of all Pods with an address of their own. */
async function networks(): Promise<readonly string[]> {
  const { items } = JSON.parse(await site.kube(['get', 'pods', '-A', '-o', 'json'])) as PodList;
  const own = items.filter(({ spec }) => spec.hostNetwork !== true);
  return [...new Set(own.map(({ status }) => (status.podIP ?? 'none').split('.').slice(0, 2).join('.')))];
}

const newDns = async (): Promise<void> => {
  await site.kube(['-n', 'kube-system', 'delete', 'pod', '-l', 'k8s-app=kube-dns', '--wait=true']);
};

describe.skipIf(!hasClusterBundle)(`a network configuration of an earlier tool${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('foreigncni', [
      { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.43.11' },
    ]);
    await lay('10-containerd-net.conflist', '87-podman-bridge.conflist');
  });
  afterAll(() => site.close());

  test('is put by, and Pods have addresses of the Pod network', async () => {
    const up = await site.kboot('up', ['--yes']);
    expect(up, up.stdout + up.stderr).toMatchObject({ exitCode: 0 });
    expect(await output(site.lab, 'cp-1', `ls ${folder}`)).toBe('10-flannel.conflist');
    expect(await networks()).toEqual(['10.244']);
  });

  test('on a running node, plan and verify name it, and up puts it by', async () => {
    await lay('10-containerd-net.conflist', '87-podman-bridge.conflist', '00-multus.conf');
    await output(
      site.lab,
      'cp-1',
      `echo '{"type": "multus"}' > ${folder}/00-multus.conf.off; rm ${folder}/00-multus.conf`,
    );
    await newDns();
    await eventually(60, async () => {
      expect(await networks()).toEqual(['10.88']);
    });
    const verify = await site.kboot('verify');
    process.stdout.write(verify.stdout);
    expect(verify.exitCode).not.toBe(0);
    expect(verify.stdout).toMatch(/outside the Pod network 10\.244\.0\.0\/16/);
    const plan = await site.kboot('plan', ['--detailed-exitcode']);
    process.stdout.write(plan.stdout);
    expect(plan.exitCode).toBe(2);
    expect(plan.stdout).toContain('puts by 10-containerd-net.conflist of an earlier tool');
    expect(await site.kboot('up', ['--yes'])).toMatchObject({ exitCode: 0 });
    expect(await output(site.lab, 'cp-1', `ls ${folder}`)).toBe(
      '00-multus.conf.off\n10-flannel.conflist\n87-podman-bridge.conflist',
    );
    await newDns();
    await eventually(60, async () => {
      expect(await networks()).toEqual(['10.244']);
    });
    const again = await site.kboot('verify');
    expect(again, again.stdout).toMatchObject({ exitCode: 0 });
  });

  test('reset returns it', async () => {
    await output(site.lab, 'cp-1', `rm ${folder}/00-multus.conf.off ${folder}/87-podman-bridge.conflist`);
    const reset = await site.kboot('reset', ['--yes']);
    expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
    expect(await output(site.lab, 'cp-1', `ls ${folder}; cat ${folder}/10-containerd-net.conflist`)).toBe(
      `10-containerd-net.conflist\n87-podman-bridge.conflist\n${foreign}`,
    );
  });
});
