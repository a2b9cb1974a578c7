import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { observeCertificateFiles, type CertificateFiles } from '../../src/observe/certificate-files.ts';
import type { Reader } from '../../src/transport/types.ts';
import { freshFolder } from '../cli/folder.ts';

const path = freshFolder();
const block = (kind: string, words: string): string =>
  `-----BEGIN ${kind}-----\n${Buffer.from(words).toString('base64')}\n-----END ${kind}-----\n`;
const cert = (words: string): string => block('CERTIFICATE', words);
const key = block('RSA PRIVATE KEY', 'a key that nobody may see');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const put = (name: string, text: string): void => {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), text);
};

let printed = '';
/** A host whose files are in the folder of the test. */
const reader = (cutOff = false): Reader => ({
  host: 'cp-1',
  stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
  forward: () => Promise.reject(new Error('nothing is forwarded')),
  read: (script) => {
    const own = script
      .replaceAll('/etc/kubernetes', path('etc'))
      .replaceAll('/var/lib/kubelet', path('kubelet'));
    printed = spawnSync('sh', ['-s'], { input: own, encoding: 'utf8' }).stdout;
    const stdout = cutOff ? printed.slice(0, -6) : printed;
    return Promise.resolve({ stdout, stderr: '', exitCode: 0 });
  },
});
const found = async (): Promise<CertificateFiles> => {
  const { files, kubeletServing } = await observeCertificateFiles(reader());
  return {
    files: files.map((file) => ({ ...file, path: file.path.replace(path(), '') })),
    kubeletServing: kubeletServing.replace(path(), ''),
  };
};

it('reads certificates in files, kubeconfigs and the folder of the kubelet, and never a key', async () => {
  put('etc/pki/ca.crt', cert('old') + cert('new'));
  put('etc/pki/ca.key', key);
  put('etc/pki/etcd/peer.crt', cert('peer'));
  put('kubelet/pki/kubelet-client-2026-01-01.pem', cert('client') + key);
  put('kubelet/pki/kubelet-client-2025-01-01.pem', cert('former') + key);
  put('kubelet/pki/kubelet.crt', cert('self-signed'));
  symlinkSync('kubelet-client-2026-01-01.pem', path('kubelet/pki/kubelet-client-current.pem'));
  put(
    'etc/admin.conf',
    `clusters:\n- cluster:\n    certificate-authority-data: ${base64(cert('ca'))}\nusers:\n- user:\n    client-certificate-data: "${base64(cert('admin'))}"\n    client-key-data: ${base64(key)}\n`,
  );
  put(
    'etc/kubelet.conf',
    'users:\n- user:\n    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n',
  );
  expect(await found()).toEqual({
    kubeletServing: '/kubelet/pki/kubelet.crt',
    files: [
      { path: '/etc/pki/ca.crt', part: 'whole', pem: cert('old') + cert('new') },
      { path: '/etc/pki/etcd/peer.crt', part: 'whole', pem: cert('peer') },
      { path: '/kubelet/pki/kubelet-client-current.pem', part: 'whole', pem: cert('client') },
      { path: '/kubelet/pki/kubelet.crt', part: 'whole', pem: cert('self-signed') },
      { path: '/etc/admin.conf', part: 'client', pem: cert('admin') },
      { path: '/etc/admin.conf', part: 'ca', pem: cert('ca') },
    ],
  });
  expect(printed).not.toContain(base64('a key that nobody may see'));
  expect(printed).not.toContain(base64(key));
});

it.each([
  ['one that it rotates', '', '/kubelet/pki/kubelet-server-current.pem'],
  ['one that its configuration names', 'tlsCertFile: "/srv/own.crt"\n', '/srv/own.crt'],
])('the kubelet serves %s', async (_what, config, serving) => {
  put('kubelet/config.yaml', `kind: KubeletConfiguration\n${config}`);
  put('kubelet/pki/kubelet-server-current.pem', cert('server'));
  put('kubelet/pki/kubelet.crt', cert('self-signed'));
  expect((await found()).kubeletServing).toBe(serving);
});

it('finds nothing on a fresh host', async () => {
  expect(await found()).toEqual({ files: [], kubeletServing: '' });
});

it('an answer that was cut off is not a short list', async () => {
  put('etc/pki/ca.crt', cert('ca'));
  await expect(observeCertificateFiles(reader(true))).rejects.toMatchObject({ code: 'E-PROBE' });
});
