import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { desireCluster } from '../../src/desire/cluster.ts';
import type { Desire } from '../../src/desire/context.ts';
import { desireHost } from '../../src/desire/host.ts';
import { secretTexts } from '../../src/desire/pki-files.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import type { Cluster, Host } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { stages } from '../../src/model/stage.ts';
import { handlerOf, resourceId } from '../../src/resource/kinds.ts';
import { fillPlaceholders, hasPlaceholder } from '../../src/resource/placeholder.ts';
import { podProcess } from '../../src/resource/static-pod.ts';
import type { Resource } from '../../src/resource/types.ts';
import { isStatedName } from '../../src/resource/upload-name.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { issued, unissued } from '../samples/desire.ts';

const folder = new URL('../../inventories/', import.meta.url);
const clusters = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name): [string, Cluster] => {
    const { cluster } = parseInventory(
      readFileSync(new URL(name, folder), 'utf8'),
      optionsFor(`/r/i/${name}`),
    );
    if (cluster === undefined) throw new Error(`${name} is not valid`);
    return [name, cluster];
  });

describe.each(clusters)('what %s wants of its hosts', (_name, cluster) => {
  let before: Desire;
  let after: Desire;
  beforeAll(async () => {
    before = unissued(cluster);
    after = await issued(cluster);
  }, 60_000);
  const perHost = (desire: Desire): [Host, readonly Resource[]][] =>
    cluster.hosts.map((host) => [host, desireHost(desire, host, assumedFacts)]);

  it('has each resource once per host', () => {
    for (const [, resources] of perHost(before)) {
      const ids = resources.map(resourceId);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    }
  });

  it('goes through the stages in their order', () => {
    for (const [, resources] of perHost(before)) {
      const order = resources.map((resource) => stages.indexOf(resource.stage));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });

  it('a unit or Pod comes after everything that it reads, and every reader of a file exists', () => {
    for (const [host, resources] of perHost(before)) {
      resources.forEach((resource, index) => {
        const readers = 'readBy' in resource ? resource.readBy : [];
        for (const reader of readers) {
          const at = resources.findIndex(
            (each) =>
              (each.kind === 'unit' && each.name === reader) ||
              (each.kind === 'static-pod' && podProcess(each.name) === reader),
          );
          expect(at, `${host.name}: ${reader} reads ${resourceId(resource)}`).toBeGreaterThan(index);
        }
      });
    }
  });

  it("each of kboot's own folders comes before its contents", () => {
    for (const [, resources] of perHost(before))
      resources.forEach((resource, index) => {
        if (resource.kind !== 'directory') return;
        const early = resources
          .slice(0, index)
          .filter((each) => 'path' in each && each.path.startsWith(`${resource.path}/`));
        expect(early.map(resourceId)).toEqual([]);
      });
  });

  it('is the same after the PKI was issued: a second `up` has nothing to do', () => {
    const fact = (name: 'ca.crt' | 'cluster-id'): string =>
      name === 'ca.crt' ? after.pki.signer('ca').cert : (after.clusterId ?? '');
    const fresh = perHost(before).flatMap(([, resources]) => resources);
    const later = perHost(after).flatMap(([, resources]) => resources);
    const text = (resource: Resource | undefined): string | undefined =>
      resource?.kind === 'static-pod'
        ? resource.text
        : resource?.kind === 'file' && resource.content.kind === 'text'
          ? resource.content.text
          : undefined;
    expect(fresh.map(resourceId)).toEqual(later.map(resourceId));
    fresh.forEach((resource, index) => {
      const wanted = text(resource);
      if (wanted !== undefined) expect(fillPlaceholders(wanted, fact)).toBe(text(later[index]));
      expect(hasPlaceholder(text(later[index]) ?? '')).toBe(false);
    });
    const filled = JSON.parse(JSON.stringify(desireCluster(before)), (_key, value: unknown) =>
      typeof value === 'string' ? fillPlaceholders(value, fact) : value,
    ) as unknown;
    expect(filled).toEqual(JSON.parse(JSON.stringify(desireCluster(after))));
  });

  it('a kubelet gets the CA in base64', () => {
    const ca = Buffer.from(after.pki.signer('ca').cert).toString('base64');
    for (const [host, resources] of perHost(before)) {
      const conf = resources.find(
        (each) => each.kind === 'file' && each.path === '/etc/kubernetes/kubelet.conf',
      );
      if (conf?.kind !== 'file' || conf.content.kind !== 'text') {
        expect(host.roles).not.toContain('worker');
        continue;
      }
      const text = fillPlaceholders(conf.content.text, () => after.pki.signer('ca').cert);
      expect(text).toContain(`certificate-authority-data: ${ca}\n`);
    }
  });

  /** The keys of spec.encryption are not of the PKI: test/desire/encryption.test.ts. */
  const isOfPki = (name: string): boolean => !isStatedName(name) && !name.startsWith('encryption-config');

  it('has no private key in a plan, and has the text of every secret that it refers to', () => {
    const texts = secretTexts(cluster, after.pki, after.renderer);
    for (const [, resources] of perHost(after)) {
      const plan = resources.map((each) =>
        handlerOf(each.kind).action(each, { state: 'absent' }, { disturbed: new Set() }),
      );
      expect(JSON.stringify([resources, plan, desireCluster(after)])).not.toMatch(
        /PRIVATE KEY|LS0tLS1CRUdJTiBSU0EgUFJJVkFURSB|LS0tLS1CRUdJTiBQUklWQVRFI/,
      );
      for (const each of resources)
        if ('content' in each && each.content.kind === 'secret' && isOfPki(each.content.name))
          expect(texts.get(each.content.name), each.content.name).toMatch(
            /-----BEGIN|certificate-authority-data/,
          );
    }
  });

  it('a private key is readable by root only', () => {
    const texts = secretTexts(cluster, after.pki, after.renderer);
    for (const [, resources] of perHost(after))
      for (const each of resources)
        if (each.kind === 'file' && each.content.kind === 'secret')
          if (/PRIVATE KEY|client-key-data/.test(texts.get(each.content.name) ?? ''))
            expect(each.mode).toBe('600');
  });

  it('CA keys go to control planes only', () => {
    for (const [host, resources] of perHost(before)) {
      const keys = resources.filter(
        (each) => each.kind === 'file' && /\/(ca|front-proxy-ca|sa)\.key$/.test(each.path),
      );
      if (!host.roles.includes('control-plane')) expect(keys.map(resourceId)).toEqual([]);
    }
  });
});

it('leaves swap alone where the kubelet may run with it', () => {
  const [, cluster] = clusters.find(([name]) => name === 'single.yaml') ?? [];
  const host = cluster?.hosts[0];
  if (cluster === undefined || host === undefined) throw new Error('no single.yaml');
  const kinds = (config: Cluster['kubelet']['config']): string[] =>
    desireHost(unissued({ ...cluster, kubelet: { ...cluster.kubelet, config } }), host, assumedFacts).map(
      ({ kind }) => kind,
    );
  expect(kinds({})).toContain('swap');
  expect(kinds({ failSwapOn: true })).toContain('swap');
  expect(kinds({ failSwapOn: false, memorySwap: { swapBehavior: 'LimitedSwap' } })).not.toContain('swap');
});

it('wants the same of Rocky Linux, but for its packages, SELinux and the folder of haproxy', () => {
  const [, cluster] = clusters.find(([name]) => name === 'ha.yaml') ?? [];
  const host = cluster?.hosts[0];
  if (cluster === undefined || host === undefined) throw new Error('no ha.yaml');
  const ids = (id: string): string[] =>
    desireHost(unissued(cluster), host, { ...assumedFacts, os: { id, versionId: '9.6' } }).map(resourceId);
  const [debian, rocky] = [ids('debian'), ids('rocky')];
  expect(debian.filter((id) => !rocky.includes(id))).toEqual(['package iptables', 'package mount']);
  expect(rocky.filter((id) => !debian.includes(id))).toEqual([
    'package iptables-nft',
    'selinux selinux',
    'directory /etc/systemd/system/haproxy.service.d',
    'file /etc/systemd/system/haproxy.service.d/kboot.conf',
  ]);
});

it('a reissued certificate changes, but its key does not', async () => {
  const [, cluster] = clusters.find(([name]) => name === 'ha.yaml') ?? [];
  const host = cluster?.hosts[0];
  if (cluster === undefined || host === undefined) throw new Error('no ha.yaml');
  const desire = await issued(cluster);
  const { pki } = desire;
  const renewed: Desire = {
    ...desire,
    pki: {
      ...pki,
      certificate: (id, on) => ({ ...pki.certificate(id, on), cert: '# issued when the plan is applied' }),
      isIssued: (id, on) => !['apiserver', 'scheduler'].includes(id) && pki.isIssued(id, on),
    },
  };
  const digests = (of: Desire): Map<string, string | null> =>
    new Map(
      desireHost(of, host, assumedFacts).flatMap((resource) =>
        resource.kind === 'file' && resource.content.kind === 'secret'
          ? [[resource.path, resource.content.digest]]
          : [],
      ),
    );
  const [before, after] = [digests(desire), digests(renewed)];
  expect([...after].filter(([path, digest]) => digest === null && before.get(path) !== null)).toEqual([
    ['/etc/kubernetes/pki/apiserver.crt', null],
    ['/etc/kubernetes/scheduler.conf', null],
  ]);
});
