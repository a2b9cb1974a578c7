import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  clusterSite,
  eventually,
  expectNothingToDo,
  hasClusterBundle,
  unlessSkipped,
  type ClusterSite,
} from './cluster.ts';

const five = ['cp-1', 'cp-2', 'cp-3', 'cp-4', 'cp-5'].map((name, index) => ({
  name,
  roles: ['control-plane', 'worker'],
  address: `10.77.10.1${index + 1}`,
}));
const three = five.slice(0, 3);

describe.runIf(hasClusterBundle)(`etcd: a snapshot of three members becomes five${unlessSkipped}`, () => {
  let site: ClusterSite;
  beforeAll(async () => {
    site = await clusterSite('etcdfive', three, {
      further: five.slice(3),
      spec: { loadBalancer: { virtualIP: '10.77.10.100', port: 8443 } },
    });
    const up = await site.kboot('up', ['--yes']);
    expect(up, up.stdout + up.stderr).toMatchObject({ exitCode: 0 });
    await site.kube(['create', 'namespace', 'drill']);
    await site.kube(['-n', 'drill', 'create', 'secret', 'generic', 'key', '--from-literal=word=sesame']);
  });
  afterAll(() => site.close());

  it('on fresh hosts, and Secrets are readable', async () => {
    const [taken] = (await site.kboot('etcd snapshot', ['-o', 'json'])).events;
    const file = String(taken?.['file']);
    const inventory = parse(readFileSync(site.inventory, 'utf8')) as {
      readonly spec: { readonly hosts: readonly object[] };
    };
    const [like] = inventory.spec.hosts;
    const hosts = five.map((host) => ({ ...like, ...host }));
    writeFileSync(site.inventory, stringify({ ...inventory, spec: { ...inventory.spec, hosts } }));
    await Promise.all(three.map(({ name }) => site.lab.replace(name)));
    for (const [verb, rest] of [
      ['up', ['--until', 'runtime']],
      ['etcd restore', [file]],
      ['up', []],
    ] as const) {
      const result = await site.kboot(verb, [...rest, '--yes']);
      process.stdout.write(`${result.stdout.trimEnd().split('\n').slice(-4).join('\n')}\n`);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    }
    const word = ['-n', 'drill', 'get', 'secret', 'key', '-o', 'jsonpath={.data.word}'];
    expect(await site.kube(word)).toBe(Buffer.from('sesame').toString('base64'));
    const [seen] = (await site.kboot('etcd members', ['-o', 'json'])).events;
    expect(seen?.['members']).toMatchObject(five.map(({ name }) => ({ name, healthy: true })));
    await eventually(180, async () => {
      const verify = await site.kboot('verify');
      expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    });
    await expectNothingToDo(site);
  });
});
