import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockText, parseLock, type LockedRelease } from '../../src/catalog/release-lock.ts';
import type { KbootError } from '../../src/model/error.ts';
import { startPublisher, type Publisher } from '../fetch/publisher.ts';
import { startRegistry, type FakeRegistry } from '../fetch/servers.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { lockedRelease } from '../samples/lock.ts';
import { freshFolder } from './folder.ts';
import { kboot } from './run.ts';

/** A registry that is taken for an official one; none can be reached from here. */
const official = { host: 'nowhere' };
vi.mock(import('../../src/catalog/known-digests.ts'), async (original) => ({
  ...(await original()),
  isOfficialPlace: (ref) => ref.startsWith(official.host),
}));

const at = freshFolder();
let publisher: Publisher;
let registry: FakeRegistry;
beforeEach(async () => {
  [publisher, registry] = await Promise.all([
    startPublisher('v1.36.9', { etcd: '3.6.11-0', coredns: 'v1.14.2', pause: '3.10.2' }),
    startRegistry(),
  ]);
  writeInventory('v1.36.2');
});
afterEach(async () => {
  official.host = 'nowhere';
  await Promise.all([publisher.close(), registry.close()]);
});

const inventory = (): string => at('lab.yaml');
const file = (): string => at('kboot.lock.yaml');
const repository = (): string => `${registry.host}/k8s`;
function writeInventory(version: string): void {
  const spec = [`imageRepository: ${repository()}`, `artifacts: {mirror: "${publisher.origin}/"}`];
  writeFileSync(inventory(), inventoryWith(spec).replace('v1.36.2', version));
}
const written = (): readonly LockedRelease[] => parseLock(readFileSync(file(), 'utf8'), file()).releases;

describe('kboot lock', () => {
  it('locks a patch release that the catalog does not know, with what kubeadm of that version uses', async () => {
    const { out, error } = await kboot('lock', inventory(), '--to', 'v1.36.9');
    expect(error).toBeUndefined();
    expect(out).toMatch(
      /^Kubernetes v1\.36\.9, compared with v1\.36\.2 in kboot's catalog: 20 differences\n/,
    );
    for (const line of [
      /^ {2}component +kubernetes +v1\.36\.2 → v1\.36\.9$/m,
      /^ {2}component +etcd +3\.6\.8-0 → 3\.6\.11-0$/m,
      /^ {2}file +kubelet amd64 +[0-9a-f]{12} → [0-9a-f]{12}$/m,
      /^ {2}image +127\.0\.0\.1:\d+\/k8s\/pause:3\.10\.2 +\+ sha256:[0-9a-f]{12}$/m,
    ])
      expect(out).toMatch(line);
    expect(out).toMatch(/\nwrote \S+\/kboot\.lock\.yaml: keep it in version control\n$/);
    const [release] = written();
    expect(release).toMatchObject({ kubernetesVersion: 'v1.36.9', etcd: '3.6.11-0', containerd: '2.2.7' });
    const pause = release?.locked[`${repository()}/pause:3.10.2`];
    expect(new Set(Object.values(pause ?? {})).size).toBe(3);
    expect(Object.keys(release?.locked ?? {})).toContain(`${repository()}/metallb/speaker:v0.15.3`);

    writeInventory('v1.36.9');
    expect((await kboot('validate', inventory())).out).toContain('Kubernetes v1.36.9');
    const plan = await kboot('plan', inventory(), '--offline', '-o', 'json');
    expect(plan.error).toBeUndefined();
    const planned = JSON.parse(plan.out) as object;
    const scripts = JSON.stringify(planned);
    expect(scripts).toContain(release?.files.amd64.kubelet);
    expect(scripts).toContain(`crictl pull ${repository()}/pause@${pause?.digest ?? ''}`);
  });

  it('writes nothing if nothing differs, and with --check', async () => {
    writeInventory('v1.36.9');
    const check = ['lock', inventory(), '--check'];
    expect(await kboot(...check)).toMatchObject({ exit: 2 });
    expect(existsSync(file())).toBe(false);
    expect(await kboot('lock', inventory())).toMatchObject({ exit: 0 });
    const text = readFileSync(file(), 'utf8');
    expect((await kboot('lock', inventory())).out).toBe(
      `Kubernetes v1.36.9, compared with v1.36.9 in ${file()}: nothing differs\n${file()} is up to date\n`,
    );
    expect(await kboot(...check)).toMatchObject({ exit: 0 });
    writeFileSync(file(), text.replace(/digest: sha256:./, 'digest: sha256:0'));
    const told = await kboot(...check, '-o', 'json');
    expect(told).toMatchObject({ exit: 2 });
    expect(JSON.parse(told.out)).toMatchObject({
      ...{ type: 'lock', source: 'lock', differs: true, written: false },
      changes: [{ kind: 'image', was: expect.stringMatching(/^sha256:0/) as string }],
      notes: [expect.stringContaining(' has changed although its version has not: ') as string],
    });
  });

  it('keeps the other versions, newer components of the minor, and images of other repositories', async () => {
    const other = lockedRelease('v1.35.6', { repository: repository() });
    const newer = { ...lockedRelease('v1.36.2', { as: 'v1.36.9' }), coredns: 'v1.14.99' };
    const own = {
      ...newer,
      locked: {
        ...newer.locked,
        'elsewhere.example/pause:3.9': { digest: newer.locked['registry.k8s.io/pause:3.10.2']?.digest ?? '' },
      },
    };
    writeFileSync(file(), lockText([other, own]));
    expect((await kboot('lock', inventory(), '--to', 'v1.36.9')).error).toBeUndefined();
    const [first, second] = written();
    expect(first).toEqual(other);
    expect(second).toMatchObject({ coredns: 'v1.14.99', etcd: '3.6.11-0' });
    const refs = Object.keys(second?.locked ?? {});
    expect(refs).toContain('registry.k8s.io/pause:3.10.2');
    expect(refs).toContain(`${repository()}/coredns:v1.14.99`);
    expect(refs).not.toContain('elsewhere.example/pause:3.9');
    expect(refs).not.toContain('registry.k8s.io/etcd:3.6.8-0');
  });

  it('says so if the versions that kubeadm uses cannot be read', async () => {
    publisher.faults.set(
      '/raw.githubusercontent.com/kubernetes/kubernetes/v1.36.9/cmd/kubeadm/app/constants/constants.go',
      404,
    );
    publisher.texts.set(
      'github.com/etcd-io/etcd/releases/download/v3.6.8/SHA256SUMS',
      ['amd64', 'arm64']
        .map((arch) => `${lockedRelease().files[arch as 'amd64'].etcd}  etcd-v3.6.8-linux-${arch}.tar.gz\n`)
        .join(''),
    );
    const { out, error } = await kboot('lock', inventory(), '--to', 'v1.36.9');
    expect(error).toBeUndefined();
    expect(out).toMatch(
      /\nnote etcd, CoreDNS and pause are those that kboot knows for v1\.36: .*HTTP status 404\)/,
    );
    expect(written()[0]?.etcd).toBe('3.6.8-0');
  });
});

describe('kboot lock refuses', () => {
  const refused = async (...flags: string[]): Promise<KbootError> => {
    const { error } = await kboot('lock', inventory(), ...flags);
    expect(existsSync(file())).toBe(false);
    return error as KbootError;
  };

  it('a minor that kboot knows nothing about', async () => {
    const { code, message, context } = await refused('--to', 'v1.37.2');
    expect([code, message]).toEqual(['E-USAGE', 'this kboot knows nothing about Kubernetes v1.37']);
    expect(context.remedy).toMatch(/It knows v1\.36, v1\.35, v1\.34\. .*3\.6\.11 or later/);
    expect((await refused('--to', '1.36.9')).message).toContain('such as v1.36.5');
  });

  it('to write a part: everything that could not be read is named', async () => {
    publisher.faults.set('/dl.k8s.io/release/v1.36.9/bin/linux/arm64/kubectl.sha256', 404);
    publisher.texts.set('dl.k8s.io/release/v1.36.9/bin/linux/amd64/kubelet.sha256', '<html></html>');
    registry.faults.set('/v2/k8s/etcd/manifests/3.6.11-0', 500);
    const { code, message, context } = await refused('--to', 'v1.36.9');
    expect([code, message]).toEqual([
      'E-FETCH',
      '3 of the checksums and digests could not be read; nothing was written',
    ]);
    expect(context.detail).toMatch(
      /kubelet\.sha256: has no SHA-256 of kubelet\n.*kubectl\.sha256: HTTP status 404\n.*3\.6\.11-0: HTTP status 500$/,
    );
  });

  it("a checksum that differs from the catalog's", async () => {
    publisher.texts.set(
      'github.com/opencontainers/runc/releases/download/v1.3.6/runc.sha256sum',
      `${'0'.repeat(64)} *runc.amd64\n${'1'.repeat(64)} *runc.arm64\n`,
    );
    const { code, context } = await refused('--to', 'v1.36.9');
    expect(code).toBe('E-FETCH');
    expect(context.detail).toMatch(/states SHA-256 0{64}, but kboot's catalog has [0-9a-f]{64}\n.*1{64}/);
  });
});

describe('images that are not those of the catalog', () => {
  it("are pointed out, once, if they are from a repository of one's own", async () => {
    const lock = ['lock', inventory(), '--to', 'v1.36.9'];
    const { out, error } = await kboot(...lock);
    expect(error).toBeUndefined();
    expect(out).toMatch(
      /note other builds than the official ones: \S+\/coredns:v1\.14\.2, \S+\/pause:3\.10\.2\. /,
    );
    expect((await kboot(...lock)).out).not.toContain('other builds');
  });

  it('are refused if they are from the official registry', async () => {
    official.host = repository();
    const { error } = await kboot('lock', inventory(), '--to', 'v1.36.9');
    expect(error).toMatchObject({
      code: 'E-FETCH',
      context: {
        detail: expect.stringMatching(
          /pause:3.10.2: has digest sha256:\w+, but kboot's catalog has sha256:f548e0e8/,
        ) as string,
      },
    });
    expect((error as KbootError).message).toMatch(/^2 of the checksums and digests could not be read/);
    expect(existsSync(file())).toBe(false);
  });
});

describe('a command on an inventory with a lock', () => {
  it('reports mistakes in the lock with those of the inventory, and images that it lacks', async () => {
    writeFileSync(file(), lockText([lockedRelease()]));
    const { message } = (await kboot('validate', inventory())).error as KbootError;
    expect(message).toBe(
      `${file()}:38:7: releases["v1.36.2"].images lacks 9 images that the inventory needs: ${['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => `${repository()}/${name}:v1.36.2`).join(', ')} and 6 more; \`kboot lock INVENTORY\` adds them`,
    );
    writeFileSync(
      file(),
      lockText([lockedRelease()]).replace('pause: 3.10.2', 'pause: x').replace('v1.36.2:', 'v1.36.9:'),
    );
    writeInventory('v1.36.9');
    expect(((await kboot('validate', inventory())).error as KbootError).message).toBe(
      `${file()}:18:14: releases["v1.36.9"].components.pause must be like 3.10.2, not "x"`,
    );
  });

  it('tells a newer patch that the lock has, which changes nothing else', async () => {
    const all = ['v1.36.2', 'v1.36.5'].map((as) =>
      lockedRelease('v1.36.2', { as, repository: repository() }),
    );
    writeFileSync(file(), lockText(all));
    const { out, exit } = await kboot('plan', inventory(), '--offline');
    expect(exit).toBe(0);
    expect(out).toContain('v1.36.5 is in kboot.lock.yaml; set spec.kubernetesVersion to upgrade');
  });
});
