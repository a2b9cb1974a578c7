import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { sha256 } from '../../src/model/digest.ts';
import { startPushRegistry, type PushRegistry, type PushRegistryOptions } from '../fetch/push-registry.ts';
import { blob, layout, ociIndex, writeTar, type Member } from '../store/image-tar.ts';
import { freshFolder } from './folder.ts';
import { kboot, type Ended } from './run.ts';

const at = freshFolder();
let registry: PushRegistry | undefined;

beforeEach(() => {
  vi.stubEnv('DOCKER_CONFIG', at('docker'));
  for (const name of ['REGISTRY_AUTH_FILE', 'XDG_RUNTIME_DIR', 'KBOOT_REGISTRY_PASSWORD'])
    vi.stubEnv(name, '');
});
afterEach(async () => {
  await registry?.close();
  registry = undefined;
});

async function start(options: PushRegistryOptions = {}): Promise<PushRegistry> {
  await registry?.close();
  return (registry = await startPushRegistry(options));
}

const apiServer = 'registry.k8s.io/kube-apiserver:v1.36.2';
const busybox = 'docker.io/library/busybox:1.37';

async function archive(path: string, members: readonly Member[]): Promise<void> {
  mkdirSync(dirname(at(path)), { recursive: true });
  await writeTar(at(path), members);
}

/** What `docker save` writes. */
function docker(name: string, layers: readonly string[]): readonly Member[] {
  const config = JSON.stringify({
    ...{ os: 'linux', architecture: 'amd64', name },
    rootfs: { diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
  });
  const files = layers.map((layer) => [`${sha256(layer)}/layer.tar`, layer] as const);
  return [
    [
      'manifest.json',
      JSON.stringify([
        { Config: `${sha256(config)}.json`, RepoTags: [name], Layers: files.map(([path]) => path) },
      ]),
    ],
    [`${sha256(config)}.json`, config],
    ...files,
  ];
}

const common = 'common layer '.repeat(20_000);

/** A bundle with an image of kboot in Docker's format, and one of an add-on as an OCI archive and for two architectures. */
async function bundle(): Promise<void> {
  await archive('bundle/images/linux-amd64/kube-apiserver.tar', docker(apiServer, [common, 'api server']));
  await archive('bundle/images/linux-amd64/pause.tar', docker('registry.k8s.io/pause:3.10.2', [common]));
  for (const arch of ['amd64', 'arm64'])
    await archive(`bundle/images/linux-${arch}/busybox.tar`, layout({ name: busybox, arch }).members);
  expect(
    (await kboot('bundle', 'index', at('bundle'), '--kubernetes-version', 'v1.36.2')).error,
  ).toBeUndefined();
}

const push = async (to: string, ...flags: readonly string[]): Promise<Ended> =>
  await kboot('bundle', 'push', at('bundle'), '--registry', to, ...flags);
const plain = async (...flags: readonly string[]): Promise<Ended> =>
  await push(`${registry?.host ?? ''}/k8s`, '--plain-http', ...flags);
const sent = (): string[] => (registry?.asked ?? []).filter((each) => /^(PUT|POST)/.test(each));

describe('kboot bundle push', () => {
  it('pushes each image where nodes look for it, once, and prints the settings for the inventory', async () => {
    await bundle();
    const { host, manifests } = await start();
    const { out, err, error } = await plain();
    expect(error).toBeUndefined();
    expect([...manifests.keys()].filter((key) => !key.includes('sha256:')).sort()).toEqual([
      'k8s/docker.io/library/busybox 1.37',
      'k8s/kube-apiserver v1.36.2',
      'k8s/pause 3.10.2',
    ]);
    const index = manifests.get('k8s/docker.io/library/busybox 1.37');
    expect(index?.type).toBe(ociIndex);
    expect(index?.bytes.toString()).toMatch(/"architecture":"amd64".*"architecture":"arm64"/);
    expect(err).toMatch(new RegExp(`^ +\\d+\\.\\d s {2}${host}/k8s/kube-apiserver:v1.36.2 {2}0.3 MB$`, 'm'));
    // Its only layer is that of another image.
    expect(err).toMatch(/\/k8s\/pause:3.10.2 {2}0.0 MB of 0.3 MB, the rest was there$/m);
    const [head, , ...yaml] = out.split('\n');
    expect(head).toBe(`${host}/k8s: 3 images pushed (0 MB), 0 images already there`);
    expect(parse(yaml.join('\n'))).toEqual({
      spec: {
        imageRepository: `${host}/k8s`,
        containerd: {
          registries: [
            { host, mirrors: [{ url: `http://${host}` }] },
            { host: 'docker.io', mirrors: [{ url: `http://${host}/v2/k8s/docker.io`, overridePath: true }] },
          ],
        },
      },
    });
    const before = sent().length;
    const again = await plain();
    expect(again.out).toContain('0 images pushed (0 MB), 3 images already there');
    expect(again.err).toMatch(/pause:3.10.2 {2}0.3 MB, already there$/m);
    expect(sent().length).toBe(before);
  });

  it('prints an event for each image with -o json', async () => {
    await bundle();
    await start();
    const { out } = await plain('-o', 'json');
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ type }) => type)).toEqual([
      ...Array.from({ length: 3 }, () => ['pushing', 'pushed']).flat(),
      'bundle-pushed',
    ]);
    expect(events.at(-1)).toMatchObject({ pushed: 3, present: 0, unpinned: [] });
  });

  it.each(['basic', 'token'] as const)(
    'logs in with %s authentication, and never shows the password',
    async (by) => {
      await bundle();
      const password = 'correct horse';
      const { host } = await start({ user: { name: 'robot', password, by } });
      writeFileSync(at('password'), `${password}\n`);
      expect((await plain()).error).toMatchObject({
        ...{ code: 'E-PUSH', exit: 4 },
        message: expect.stringMatching(/: the registry wants a login \(HTTP status 401/) as string,
      });
      vi.stubEnv('KBOOT_REGISTRY_PASSWORD', 'wrong');
      const wrong = await plain('--username', 'robot');
      expect((wrong.error as Error).message).toMatch(
        /: the registry refused the login of robot \(HTTP status 401/,
      );
      const { out, err, error } = await plain(
        '--username',
        'robot',
        '--password-file',
        at('password'),
        '--verbose',
      );
      expect(error).toBeUndefined();
      expect(out + err).not.toMatch(/correct horse|Y29ycmVjdC|wrong/);
      expect(err).toMatch(/^warning: the password of robot and all images go to \S+ without encryption$/m);
      expect(parse(out.slice(out.indexOf('spec:')))).toMatchObject({
        spec: {
          containerd: {
            registries: [
              { host, mirrors: [{ credentials: { username: 'robot', passwordFile: at('password') } }] },
              {},
            ],
          },
        },
      });
      // What docker login stores.
      mkdirSync(at('docker'));
      const auth = Buffer.from(`robot:${password}`).toString('base64');
      writeFileSync(at('docker/config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
      expect((await plain()).out).toContain('3 images already there');
      writeFileSync(
        at('docker/config.json'),
        JSON.stringify({ auths: { [host]: {} }, credsStore: 'desktop' }),
      );
      expect((await plain()).error).toMatchObject({
        code: 'E-USAGE',
        message: `${at('docker/config.json')} has the login for ${host} as docker-credential-desktop, which kboot does not use`,
      });
    },
  );

  it('trusts the CA of --ca-file, any with --insecure, and otherwise those of Node', async () => {
    await bundle();
    const subject = ['-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
    const key = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', [...key, ...subject, '-keyout', at('key.pem'), '-out', at('ca.pem')], {
      stdio: 'ignore',
    });
    const { host } = await start({
      tls: { key: readFileSync(at('key.pem')), cert: readFileSync(at('ca.pem')) },
    });
    expect((await push(host)).error).toMatchObject({
      ...{
        code: 'E-PUSH',
        message: `https://${host}/v2/: the certificate is not signed by a CA that this machine trusts`,
      },
      context: { remedy: expect.stringContaining('--ca-file FILE') as string },
    });
    const { out, error } = await push(host, '--ca-file', at('ca.pem'));
    expect(error).toBeUndefined();
    expect(parse(out.slice(out.indexOf('spec:')))).toMatchObject({
      spec: { imageRepository: host, containerd: { registries: [{ host, caFile: at('ca.pem') }, {}] } },
    });
    expect((await push(host, '--insecure')).error).toBeUndefined();
    expect((await push(host, '--insecure', '--plain-http')).error).toMatchObject({ code: 'E-USAGE' });
    const { host: without } = await start();
    expect((await push(without)).error).toMatchObject({
      ...{ code: 'E-PUSH', message: `https://${without}/v2/: the server does not speak TLS` },
      context: { remedy: expect.stringContaining('--plain-http') as string },
    });
  });

  it.each([
    [
      { begins: 'PUT /v2/k8s/kube-apiserver/blobs/uploads', then: 'cut' as const },
      /: the connection was lost$/,
      /^Run the same/,
    ],
    [
      {
        ...{ begins: 'PUT /v2/k8s/kube-apiserver/blobs/uploads', then: 500 },
        text: '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"write /x: no space left on device"}]}',
      },
      /: the registry has no space left \(HTTP status 500, UNKNOWN: unknown error: write \/x: no space left on device\)$/,
      /^Free space/,
    ],
    [
      { begins: 'POST /v2/k8s/kube-apiserver', then: 403, text: '{"errors":[{"code":"DENIED"}]}' },
      /nobody may push to k8s\/kube-apiserver without a login \(HTTP status 403, DENIED\)/,
      /--username/,
    ],
    [
      { begins: 'POST /v2/k8s/kube-apiserver', then: 404 },
      /the registry has no k8s\/kube-apiserver \(HTTP status 404\)/,
      /Create it/,
    ],
    [{ begins: 'POST /v2/k8s/kube-apiserver', then: 405 }, /takes no images/, /read-only/],
    [
      { begins: 'PUT /v2/k8s/kube-apiserver/blobs', then: 413, text: '<html>' },
      /a request of this size \(HTTP status 413\)/,
      /client_max_body_size/,
    ],
    [
      { begins: 'PUT /v2/k8s/kube-apiserver/manifests', then: 429 },
      /refused the request \(HTTP status 429\)/,
      /^Run the same/,
    ],
  ])('stops at %j with one error, and the next run sends only what lacks', async (fault, message, remedy) => {
    await bundle();
    const { faults, blobs } = await start();
    faults.push(fault);
    const { error } = await plain();
    expect(error).toMatchObject({
      code: 'E-PUSH',
      context: { remedy: expect.stringMatching(remedy) as string },
    });
    expect((error as Error).message).toMatch(message);
    const held = [...blobs.keys()];
    const from = registry?.asked.length ?? 0;
    expect((await plain()).error).toBeUndefined();
    const puts = registry?.asked
      .slice(from)
      .filter((each) => each.startsWith('PUT'))
      .join('\n');
    for (const digest of held) expect(puts).not.toContain(encodeURIComponent(digest));
  });

  it('names what is not a registry, and one that cannot be reached', async () => {
    await bundle();
    const { faults, host } = await start();
    faults.push({ begins: 'GET /v2/', then: 404 });
    expect((await plain()).error).toMatchObject({
      code: 'E-PUSH',
      message: `http://${host}/v2/: this is not a registry (HTTP status 404)`,
    });
    await registry?.close();
    expect((await plain()).error).toMatchObject({
      ...{ code: 'E-PUSH', message: `http://${host}/v2/: the connection was refused` },
      context: { remedy: expect.stringContaining('--registry HOST:PORT') as string },
    });
    registry = undefined;
  });

  it('warns of an image whose digest is of an index that the registry does not take', async () => {
    const { manifest, config, layer } = layout();
    const other = {
      ...manifest[0],
      digest: `sha256:${'0'.repeat(64)}`,
      platform: { os: 'linux', architecture: 's390x' },
    };
    const manifests = [{ ...manifest[0], platform: { os: 'linux', architecture: 'amd64' } }, other];
    const index = blob(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }), ociIndex);
    const ref = `quay.io/a/b@${index[0].digest}`;
    const top = {
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [{ ...manifest[0], annotations: { 'io.containerd.image.name': ref } }],
    };
    await archive('bundle/images/linux-amd64/b.tar', [
      ...([
        ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
        ['index.json', JSON.stringify(top)],
      ] as const),
      ...[index[1], manifest[1], config[1], layer[1]],
    ]);
    expect(
      (await kboot('bundle', 'index', at('bundle'), '--kubernetes-version', 'v1.36.2')).error,
    ).toBeUndefined();
    await start();
    expect((await plain()).out).toContain(
      `warning: ${ref}: this digest is of an index for more architectures`,
    );
    const { manifests: held } = await start({ anyIndex: true });
    expect((await plain()).out).not.toContain('warning');
    expect(held.get(`k8s/quay.io/a/b ${index[0].digest}`)?.bytes.toString()).toBe(index[1][1]);
  });

  it('pushes nothing of an archive that is not what bundle.json says', async () => {
    await bundle();
    await start();
    await archive(
      'bundle/images/linux-amd64/pause.tar',
      docker('registry.k8s.io/pause:3.10.2', [common.replace('c', 'C')]),
    );
    expect((await plain()).error).toMatchObject({ code: 'E-BUNDLE' });
    expect(registry?.asked.join('\n')).not.toContain('PUT /v2/k8s/pause');
  });

  it.each([
    [[], /needs --registry HOST\[:PORT\]\[\/PATH\]/],
    [['--registry', 'https://r.example'], /^--registry must be a registry and path/],
    [['--registry', 'r.example', '--username', 'robot'], /^--username robot needs a password$/],
    [['--registry', 'r.example', '--password-file', 'x'], /^--password-file needs --username USER$/],
    [['--registry', 'r.example', '--ca-file', 'nowhere.pem'], /^--ca-file nowhere.pem does not exist$/],
    [['--registry', 'r.example', '--arch', 'amd64'], /^`kboot bundle push` does not take --arch$/],
  ])('refuses %j', async (flags, message) => {
    await bundle();
    const { error } = await kboot('bundle', 'push', at('bundle'), ...flags);
    expect(error).toMatchObject({ code: 'E-USAGE', message: expect.stringMatching(message) as string });
  });
});
