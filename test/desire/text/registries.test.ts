import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { containerdFiles } from '../../../src/desire/text/containerd.ts';
import { registryFiles } from '../../../src/desire/text/registries.ts';
import type { HostText, TextContext } from '../../../src/desire/text/types.ts';
import type { Registry, RegistryMirror } from '../../../src/model/cluster.ts';
import { readVariable, variableName, type Upload } from '../../../src/store/uploads.ts';
import { contextOf, firstHost, found, single } from '../../samples/text.ts';

const upload = (text: string): Upload => readVariable(text) as Upload;
const uploads = new Map([
  ['/here/password', upload('s3cret\n')],
  [variableName('PASSWORD'), upload('other')],
  ['/here/ca.crt', upload('CA of the registry')],
  ['/here/mirror.crt', upload('CA of the mirror')],
]);
const mirror = (url: string, more: Partial<RegistryMirror> = {}): RegistryMirror => ({
  ...{ url, capabilities: ['pull', 'resolve'], skipVerify: false, overridePath: false },
  ...more,
});
const login = { username: 'robot', password: { file: '/here/password' } };
const basic = `Basic ${Buffer.from('robot:s3cret').toString('base64')}`;

function contextWith(registries: readonly Registry[], containerd = '2.2.7'): TextContext {
  return { ...contextOf(single({ containerd: { config: {}, registries } }), { containerd }), uploads };
}
const file = (files: readonly HostText[], path: string): HostText =>
  found(files.find((each) => each.path === path));

describe('hosts.toml', () => {
  const folder = '/etc/containerd/certs.d';

  it('has the CA and login of the registry, and mirrors in order, each with its own', () => {
    const files = registryFiles(
      contextWith([
        {
          host: 'registry.example.com:5000',
          caFile: '/here/ca.crt',
          credentials: login,
          mirrors: [
            mirror('https://one.example', { capabilities: ['pull'], skipVerify: true }),
            mirror('https://two.example/v2/proxy', {
              overridePath: true,
              caFile: '/here/mirror.crt',
              credentials: { username: 'm', password: { env: 'PASSWORD' } },
            }),
          ],
        },
      ]),
    );
    const at = `${folder}/registry.example.com:5000`;
    const hosts = file(files, `${at}/hosts.toml`);
    expect(hosts).toMatchObject({
      mode: 0o600,
      secret: 'spec.containerd.registries registry.example.com:5000',
    });
    expect(parse(hosts.text)).toEqual({
      ca: `${at}/kboot-ca.crt`,
      header: { Authorization: basic },
      host: {
        'https://one.example': { capabilities: ['pull'], skip_verify: true },
        'https://two.example/v2/proxy': {
          capabilities: ['pull', 'resolve'],
          override_path: true,
          ca: `${at}/kboot-mirror-2.crt`,
          header: { Authorization: `Basic ${Buffer.from('m:other').toString('base64')}` },
        },
      },
    });
    expect(hosts.text.indexOf('one.example')).toBeLessThan(hosts.text.indexOf('two.example'));
    expect(file(files, `${at}/kboot-ca.crt`)).toMatchObject({ mode: 0o644, text: 'CA of the registry' });
    expect(file(files, `${at}/kboot-mirror-2.crt`).text).toBe('CA of the mirror');
  });

  it('is public without a login', () => {
    const [hosts] = registryFiles(
      contextWith([{ host: '_default', mirrors: [mirror('https://m.example')] }]),
    );
    expect(hosts).toMatchObject({ path: `${folder}/_default/hosts.toml`, mode: 0o644 });
    expect(hosts).not.toHaveProperty('secret');
    expect(hosts?.text).toBe(
      '# Written by kboot from spec.containerd.registries of the inventory.\n\n[host."https://m.example"]\n  capabilities = ["pull", "resolve"]\n',
    );
  });
});

describe('config.toml', () => {
  const config = (registries: readonly Registry[], version: string): HostText =>
    file(
      containerdFiles(contextWith(registries, version), firstHost(single())),
      '/etc/containerd/config.toml',
    );
  const registries: Registry[] = [
    {
      host: 'docker.io',
      credentials: login,
      mirrors: [mirror('https://m.example:8443/x', { credentials: login })],
    },
  ];

  it('has no login where containerd takes it from hosts.toml', () => {
    for (const version of ['2.1.0', '2.2.7', '3.0.0'])
      expect(config(registries, version)).toEqual(config([], version));
    for (const version of ['1.7.28', '2.0.5'])
      expect(config([{ host: 'r.example', mirrors: [mirror('https://m.example')] }], version)).toEqual(
        config([], version),
      );
  });

  it.each([
    ['1.7.28', 'io.containerd.grpc.v1.cri'],
    ['2.0.5', 'io.containerd.cri.v1.images'],
  ])(
    '%s: has the logins, by the host that containerd connects to, only for root to read',
    (version, plugin) => {
      const written = config(registries, version);
      expect(written).toMatchObject({ mode: 0o600, secret: `spec.containerd.config cp1 ${version}` });
      const auth = { username: 'robot', password: 's3cret' };
      expect(parse(written.text)).toMatchObject({
        plugins: {
          [plugin]: {
            registry: {
              config_path: '/etc/containerd/certs.d',
              configs: { 'registry-1.docker.io': { auth }, 'm.example:8443': { auth } },
            },
          },
        },
      });
    },
  );
});
