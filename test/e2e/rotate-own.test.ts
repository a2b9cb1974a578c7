import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, unlessSkipped, type ClusterSite } from './cluster.ts';

/*
 * The inventory asks for the exchange, and `up` does it once: to an intermediate CA of the operator's own, and to RSA-4096
 * keys for the others.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.64.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.64.21' },
];
const run = promisify(execFile);
const tell = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

let site: ClusterSite;
let written = 0;

describe.skipIf(!hasClusterBundle)(`an exchange that the inventory asks for${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('rotate-own', hosts);
    const founded = await site.kboot('up', ['--yes']);
    expect(founded, founded.stdout + founded.stderr).toMatchObject({ exitCode: 0 });
  });

  afterAll(() => site.close());

  const state = (file: string): string => join(site.dir, '.kboot/rotate-own', file);
  const text = (file: string): Promise<string> => readFile(state(file), 'utf8');
  const kboot = async (verb: string, pki: SiteSpec['pki'], ...rest: readonly string[]) => {
    const inventory = await site.write(`rotate-${written++}`, { spec: pki === undefined ? {} : { pki } });
    return await site.kboot(verb, rest, { inventory });
  };
  const wanted = { caKeyAlgorithm: 'RSA-4096', rotate: ['ca', 'front-proxy-ca', 'etcd-ca', 'sa'] };

  test('is shown by `plan`, and done by `up`', async () => {
    const files = await ownCa(site.dir);
    await mkdir(state('pki/next'), { recursive: true, mode: 0o700 });
    for (const [name, pem] of Object.entries(files))
      await writeFile(state(`pki/next/${name}`), pem, { mode: 0o600 });

    const plan = await kboot('drift', wanted);
    expect(plan, plan.stdout + plan.stderr).toMatchObject({ exitCode: 2 });
    expect(plan.stdout).toContain(
      'spec.pki.rotate: `kboot up` exchanges ca, front-proxy-ca, etcd-ca, sa after this plan',
    );

    const begun = Date.now();
    const up = await kboot('up', wanted, '--yes');
    tell(
      up.stderr
        .split('\n')
        .filter((line) => /xchang|reached/.test(line))
        .join('\n'),
    );
    tell(`exchanged in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
    expect(up, up.stdout + up.stderr).toMatchObject({ exitCode: 0 });
    expect(await text('pki/ca.crt')).toBe(files['ca.crt']);

    for (const { name } of hosts)
      expect(await output(site.lab, name, 'cat /etc/kubernetes/pki/ca.crt')).toBe(files['ca.crt'].trim());
    for (const file of ['front-proxy-ca', 'etcd/ca'])
      expect(
        await output(
          site.lab,
          'cp-1',
          `openssl x509 -noout -text -in /etc/kubernetes/pki/${file}.crt | grep -c 4096`,
        ),
        file,
      ).toBe('1');
    const verify = await site.kboot('verify');
    expect(verify, verify.stdout).toMatchObject({ exitCode: 0 });
  });

  test('happens once, as long as the list stays', async () => {
    const again = await kboot('up', wanted, '--yes');
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    tell(again.stdout + again.stderr);
    expect(again.stdout).toContain('nothing to do');
    expect(again.stderr).toContain('the list may stay, or be removed');
    expect(await kboot('drift', wanted)).toMatchObject({ exitCode: 0 });
    // Once it was gone, it counts anew, and its first stage is the plan.
    const { caKeyAlgorithm } = wanted;
    expect(await kboot('up', { caKeyAlgorithm }, '--yes')).toMatchObject({ exitCode: 0 });
    const asked = await kboot('drift', { caKeyAlgorithm, rotate: ['sa'] });
    expect(asked, asked.stderr).toMatchObject({ exitCode: 2 });
    expect(asked.stdout).toContain('exchange of sa, stage 1 of 4');
  });
});

/** A root, and an intermediate CA of it with the chain in its file; RSA-4096. */
async function ownCa(dir: string): Promise<{ 'ca.crt': string; 'ca.key': string }> {
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: readonly string[]) => run('openssl', args);
  const ca = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  await openssl(
    ...[
      'req',
      '-x509',
      '-newkey',
      'rsa:4096',
      '-nodes',
      '-days',
      '3650',
      '-subj',
      '/O=Example/CN=Example Root',
    ],
    ...['-keyout', at('own-root.key'), '-out', at('own-root.crt')],
  );
  await openssl(
    ...['req', '-newkey', 'rsa:4096', '-nodes', '-subj', '/O=Example/CN=Clusters', ...ca],
    ...['-keyout', at('own.key'), '-out', at('own.csr')],
  );
  await openssl(
    ...['x509', '-req', '-in', at('own.csr'), '-CA', at('own-root.crt'), '-CAkey', at('own-root.key')],
    ...['-CAcreateserial', '-days', '1800', '-copy_extensions', 'copyall', '-out', at('own.crt')],
  );
  const [crt, key, root] = await Promise.all(
    ['own.crt', 'own.key', 'own-root.crt'].map((name) => readFile(at(name), 'utf8')),
  );
  return { 'ca.crt': `${crt ?? ''}${root ?? ''}`, 'ca.key': key ?? '' };
}
