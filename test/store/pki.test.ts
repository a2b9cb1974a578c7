import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { chmodSync, mkdirSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { loadOrCreatePki, loadPki, type PkiSources } from '../../src/store/pki.ts';
import { openState, peekState, type State } from '../../src/store/state.ts';
import { context, host, keyFor, now, sampleCluster } from '../samples/pki.ts';

const cluster = sampleCluster({
  hosts: [host('cp1', '10.99.7.11', 'control-plane'), host('w1', '10.99.7.12', 'worker')],
});
let folder: string;
let state: State;
let made = 0;
const sources: PkiSources = { ...context, generateKey: () => keyFor(`k${made++}`) };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-pki-'));
  state = await openState(join(folder, 'state'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const files = (of = state): Map<string, string> =>
  new Map(
    readdirSync(of.pki, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(of.pki.length + 1), readFileSync(path, 'utf8')]),
  );

describe('a cluster whose certificates have expired', () => {
  const later = new Date(now.getTime() + 2 * 365 * 86_400_000);

  it('can be read with certificates that exist in memory only, and the plan says what expired when', async () => {
    await loadOrCreatePki(state, cluster, sources);
    const before = files();
    const { current, pki, toIssue, warnings } = await loadPki(state, cluster, { now: later });
    for (const id of ['super-admin', 'etcd-healthcheck-client'] as const) {
      const { cert, key } = current.certificate(id);
      const leaf = new X509Certificate(cert);
      expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
      const ca = new X509Certificate(current.signer(id === 'super-admin' ? 'ca' : 'etcd-ca').cert);
      expect([leaf.verify(ca.publicKey), new Date(leaf.validTo) > later]).toEqual([true, true]);
      // What hosts get is issued when the plan is applied.
      expect([pki.isIssued(id), current.isIssued(id)]).toEqual([false, true]);
    }
    expect([current.isIssued('apiserver'), current.isIssued('ca')]).toEqual([false, true]);
    expect(toIssue).toHaveLength(13);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^certificates of cp1 expired on 2027-11-20: apiserver, apiserver-kubelet-client, front-proxy-client, .*scheduler; this plan replaces them$/,
      ),
    ]);
    expect(files()).toEqual(before);
  });

  it('without a CA, or before the cluster exists, there is no such access', async () => {
    await loadOrCreatePki(state, cluster, sources);
    rmSync(state.clusterId);
    const { current } = await loadPki(state, cluster, { now: later });
    expect(current.isIssued('super-admin')).toBe(false);
  });
});

describe('renewal', () => {
  it('plans with the valid material, and without it; issues only what is due, with the existing keys', async () => {
    await loadOrCreatePki(state, cluster, sources);
    const before = files();
    const renew = ({ host: on }: { readonly host: string }): boolean => on === 'w1';
    const { current, pki, toIssue } = await loadPki(state, cluster, { now, renew });
    expect(toIssue.map(({ spec }) => spec.path)).toEqual(['hosts/w1/kubelet']);
    expect([current.isIssued('kubelet', 'w1'), pki.isIssued('kubelet', 'w1')]).toEqual([true, false]);
    expect(files()).toEqual(before);

    const { issued } = await loadOrCreatePki(state, cluster, { ...sources, renew: issuedPaths(toIssue) });
    expect(issued).toEqual(['hosts/w1/kubelet']);
    const changed = [...files()].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
    expect(changed).toEqual(['hosts/w1/kubelet.crt']);
    expect((await loadOrCreatePki(state, cluster, sources)).issued).toEqual([]);
  });
});

const issuedPaths = (issues: readonly { readonly spec: { readonly path: string } }[]): string[] =>
  issues.map(({ spec }) => spec.path);

describe('loadOrCreatePki', () => {
  it('creates a PKI, private on disk, and finds it again without issuing anything', async () => {
    const first = await loadOrCreatePki(state, cluster, sources);
    expect(first.issued).toHaveLength(17);
    expect(first.warnings).toEqual([]);
    const before = files();
    expect(before.size).toBe(2 * 17 - 1);
    for (const path of before.keys()) expect(statSync(join(state.pki, path)).mode & 0o777).toBe(0o600);

    const second = await loadOrCreatePki(state, cluster, sources);
    expect(second.issued).toEqual([]);
    expect(files()).toEqual(before);
    expect(second.pki.certificate('kubelet', 'w1')).toEqual(first.pki.certificate('kubelet', 'w1'));
    expect(second.pki.certificate('kubelet', 'w1').cert).toBe(before.get('hosts/w1/kubelet.crt'));
  });

  it('always has the key of each certificate, and all signing material before any host certificate', async () => {
    const roots = [
      'ca.key',
      'ca.crt',
      'front-proxy-ca.key',
      'front-proxy-ca.crt',
      'etcd/ca.key',
      'etcd/ca.crt',
      'sa.key',
    ];
    const there = (path: string) => existsSync(join(state.pki, path));
    const seen = new Set<number>();
    // The files that a kill at this moment would leave; those that must exist are listed last.
    const look = () => {
      const found = there('hosts') ? namesBelow(join(state.pki, 'hosts')).map((name) => `hosts/${name}`) : [];
      seen.add(found.length);
      if (found.length > 0) expect(roots.filter((path) => !there(path))).toEqual([]);
      const certificates = [...found, ...roots.filter(there)].filter((path) => path.endsWith('.crt'));
      expect(certificates.filter((path) => !there(path.replace(/crt$/, 'key')))).toEqual([]);
    };
    const stop = new AbortController();
    const looking = (async () => {
      while (!stop.signal.aborted) {
        look();
        await nextTick();
      }
    })();
    await loadOrCreatePki(state, cluster, sources);
    stop.abort();
    await looking;
    expect(seen.size).toBeGreaterThan(10);
  });

  it('continues from wherever a killed run stopped, and never changes signing material', async () => {
    await loadOrCreatePki(state, cluster, sources);
    const order = [...files().keys()];
    const roots = order.filter((path) => !path.startsWith('hosts/'));
    const leaves = order.filter((path) => path.startsWith('hosts/'));
    // Key before certificate, signer before signed: the order that the store guarantees.
    const written = [...roots, ...leaves].sort(
      (a, b) =>
        Number(a.startsWith('hosts/')) - Number(b.startsWith('hosts/')) ||
        stem(a).localeCompare(stem(b)) ||
        (a.endsWith('.key') ? -1 : 1),
    );
    for (let done = 0; done < written.length; done += 3) {
      const crashed = await openState(join(folder, `crash-${done}`));
      for (const path of written.slice(0, done)) {
        mkdirSync(join(crashed.pki, path, '..'), { recursive: true, mode: 0o700 });
        cpSync(join(state.pki, path), join(crashed.pki, path));
      }
      await loadOrCreatePki(crashed, cluster, sources);
      const after = files(crashed);
      for (const path of written.slice(0, done)) expect(after.get(path)).toBe(files().get(path));
      expect((await loadPki(crashed, cluster, { now })).toIssue).toEqual([]);
    }
  });

  it('repairs torn pairs, removes half-written files, and closes files open to others', async () => {
    await loadOrCreatePki(state, cluster, sources);
    writeFileSync(join(state.pki, 'hosts/w1/kubelet.crt'), '-----BEGIN CERTIFICATE-----\nMII');
    rmSync(join(state.pki, 'hosts/cp1/admin.key'));
    writeFileSync(join(state.pki, '.ca.key.0123456789abcdef.tmp'), 'half');
    chmodSync(join(state.pki, 'ca.key'), 0o644);
    const key = readFileSync(join(state.pki, 'hosts/w1/kubelet.key'), 'utf8');

    const { issued, pki } = await loadOrCreatePki(state, cluster, sources);
    expect([...issued].sort()).toEqual(['hosts/cp1/admin', 'hosts/w1/kubelet']);
    expect(pki.certificate('kubelet', 'w1').key).toBe(key);
    expect(existsSync(join(state.pki, '.ca.key.0123456789abcdef.tmp'))).toBe(false);
    expect(statSync(join(state.pki, 'ca.key')).mode & 0o777).toBe(0o600);
  });

  it('uses an existing CA as it is', async () => {
    await loadOrCreatePki(state, cluster, sources);
    const own = await openState(join(folder, 'own'));
    mkdirSync(own.pki);
    for (const name of ['ca.crt', 'ca.key']) cpSync(join(state.pki, name), join(own.pki, name));
    const { issued, pki } = await loadOrCreatePki(own, cluster, sources);
    expect(issued).not.toContain('ca');
    expect(issued).toHaveLength(16);
    expect(pki.signer('ca').cert).toBe(files().get('ca.crt'));
  });

  it("records the cluster's identity, which stays when its CA is another one", async () => {
    expect((await loadPki(state, cluster, { now })).pki.clusterId()).toBeUndefined();
    const first = (await loadOrCreatePki(state, cluster, sources)).pki;
    const id = clusterIdOf(first.signer('ca').cert);
    expect(readFileSync(state.clusterId, 'utf8')).toBe(`${id}\n`);
    rmSync(state.pki, { recursive: true });
    const { pki } = await loadOrCreatePki(state, cluster, sources);
    expect(pki.signer('ca').cert).not.toBe(first.signer('ca').cert);
    expect(pki.clusterId()).toBe(id);
    expect(pki.trusted('ca')).toEqual([pki.signer('ca').cert]);
    // A state folder of before has none: its CA says which cluster it is.
    rmSync(state.clusterId);
    expect((await loadPki(state, cluster, { now })).pki.clusterId()).toBe(clusterIdOf(pki.signer('ca').cert));
    writeFileSync(state.clusterId, 'sha256:12\n');
    await expect(loadPki(state, cluster, { now })).rejects.toMatchObject({ code: 'E-STATE' });
  });

  it('refuses to make a second CA, says which file to restore, and writes nothing', async () => {
    await loadOrCreatePki(state, cluster, sources);
    rmSync(join(state.pki, 'ca.crt'));
    rmSync(join(state.pki, 'ca.key'));
    rmSync(join(state.pki, 'hosts/w1'), { recursive: true });
    const before = files();
    const failure = {
      code: 'E-STATE',
      message: expect.stringContaining(join(state.pki, 'ca.crt')) as string,
    };
    await expect(loadOrCreatePki(state, cluster, sources)).rejects.toMatchObject(failure);
    await expect(loadPki(state, cluster, { now })).rejects.toMatchObject(failure);
    expect(files()).toEqual(before);
  });

  it('names every problem at once', async () => {
    mkdirSync(state.pki);
    writeFileSync(join(state.pki, 'ca.crt'), 'x');
    writeFileSync(join(state.pki, 'ca.key'), 'x');
    writeFileSync(join(state.pki, 'sa.key'), 'x');
    await expect(loadOrCreatePki(state, cluster, sources)).rejects.toMatchObject({
      code: 'E-PKI',
      message: expect.stringMatching(
        /ca\.crt does not contain a readable PEM certificate\n.*sa\.key has a private key/,
      ) as string,
    });
  });

  it('reissues for a changed address, with the same key', async () => {
    const first = await loadOrCreatePki(state, cluster, sources);
    const moved = sampleCluster({
      hosts: [host('cp1', '10.99.7.99', 'control-plane'), host('w1', '10.99.7.12', 'worker')],
    });
    const { issued, pki } = await loadOrCreatePki(state, moved, sources);
    expect([...issued].sort()).toEqual([
      'hosts/cp1/apiserver',
      'hosts/cp1/etcd/peer',
      'hosts/cp1/etcd/server',
    ]);
    expect(pki.certificate('apiserver').key).toBe(first.pki.certificate('apiserver').key);
    expect(pki.certificate('apiserver').cert).not.toBe(first.pki.certificate('apiserver').cert);
  });

  it('warns about upcoming expiry in one line', async () => {
    await loadOrCreatePki(state, cluster, sources);
    const { warnings, issued } = await loadOrCreatePki(state, cluster, {
      ...sources,
      now: new Date('2027-10-01T00:00:00Z'),
    });
    expect(issued).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/the earliest on 2027-11-20: .* and 6 more; `kboot up INVENTORY --renew-certs`/),
    ]);
  });

  it('generates real keys when none are passed in', async () => {
    const { pki } = await loadOrCreatePki(state, sampleCluster({ hosts: [] }), context);
    expect(pki.signer('ca').key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(pki.signer('ca').key).not.toBe(pki.signer('etcd-ca').key);
  });
});

describe('loadPki', () => {
  it('lists what would be issued, without a folder and without creating one', async () => {
    const nowhere = await peekState(join(folder, 'nowhere'));
    const { pki, toIssue } = await loadPki(nowhere, cluster, { now });
    expect(toIssue).toHaveLength(17);
    expect(pki.isIssued('ca')).toBe(false);
    expect(pki.certificate('admin', 'cp1').cert).toMatch(/^# hosts\/cp1\/admin\.crt: issued when/);
    expect(existsSync(nowhere.dir)).toBe(false);
  });

  it('returns valid material, and placeholders for a new host', async () => {
    await loadOrCreatePki(state, cluster, sources);
    const before = files();
    const grown = sampleCluster({ hosts: [...cluster.hosts, host('w2', '10.99.7.13', 'worker')] });
    const { pki, toIssue } = await loadPki(state, grown, { now });
    expect(toIssue.map(({ spec }) => spec.path)).toEqual(['hosts/w2/kubelet']);
    expect([pki.isIssued('kubelet', 'w1'), pki.isIssued('kubelet', 'w2')]).toEqual([true, false]);
    expect(files()).toEqual(before);
  });
});

/** Complete files only. */
function namesBelow(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function stem(path: string): string {
  return path.replace(/\.(crt|key)$/, '');
}
