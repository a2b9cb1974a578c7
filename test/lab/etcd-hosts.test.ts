import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAt, stepLines } from './kboot.ts';
import type { KbootOptions, KbootResult, Site, SiteHost } from './kboot.ts';
import { $ } from './shell.ts';
import { debianSite } from './three-hosts.ts';
import { output } from './traces.ts';

const addresses = { 'etcd-1': '10.79.32.31', 'etcd-2': '10.79.32.32', 'etcd-3': '10.79.32.33' } as const;
type Member = keyof typeof addresses;
const names = Object.keys(addresses) as Member[];
const controlPlane: SiteHost = { name: 'cp-1', roles: ['control-plane'], address: '10.79.32.11' };
const withMembers = (members: readonly Member[]): readonly SiteHost[] => [
  ...members.map((name) => ({ name, roles: ['etcd'], address: addresses[name] })),
  controlPlane,
];

let site: Site;
/** Keys and certificates of the clients in these tests. */
let dir: string;

beforeAll(async () => {
  const hosts = withMembers(names);
  site = await debianSite('etcd-hosts', hosts, { hosts });
  dir = await mkdtemp(join(tmpdir(), 'kboot-etcd-'));
});

afterAll(async () => {
  await site.close();
  await rm(dir, { recursive: true, force: true });
});

const up = (options: KbootOptions = {}): Promise<KbootResult> =>
  site.kboot('up', ['--until', 'etcd', '--yes', '-o', 'json'], options);

async function upTo(options: KbootOptions = {}): Promise<readonly string[]> {
  const result = await up(options);
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  return stepLines(result);
}

/** A complete refusal, as printed for users. */
async function refused(options: KbootOptions = {}): Promise<string> {
  const before = await traceOfChanges();
  const result = await site.kboot('up', ['--until', 'etcd', '--yes'], options);
  expect(result, result.stdout).toMatchObject({ exitCode: 5 });
  expect(await traceOfChanges()).toEqual(before);
  return result.stderr.slice(result.stderr.indexOf('✗'));
}

/** State that any change would modify: the run's snapshots, and kboot's own folder and units on hosts. */
async function traceOfChanges(): Promise<readonly string[]> {
  const states = await site.lab.states();
  const look = names
    .filter((name) => states.get(name) === 'running')
    .map((name) =>
      output(
        site.lab,
        name,
        "find /var/lib/kboot /etc/kubernetes /etc/systemd/system /usr/local -printf '%p %T@\\n' 2>/dev/null | sort; ls /var/lib/etcd 2>&1 || true",
      ),
    );
  return [...(await Promise.all(look)), (await snapshots()).join()];
}

async function snapshots(): Promise<readonly string[]> {
  const folder = join(site.dir, '.kboot/etcd-hosts/snapshots');
  const files = await readdir(folder).catch(() => []);
  return files.sort().map((file) => join(folder, file));
}

const pki = '/etc/kubernetes/pki/etcd';
const etcdctlAt = (host: Member): string =>
  `etcdctl --endpoints=https://${addresses[host]}:2379 --cacert=${pki}/ca.crt --cert=${pki}/healthcheck-client.crt --key=${pki}/healthcheck-client.key`;

/** etcdctl on a host, at that host's own member. */
const etcdctl = (host: Member, words: string): Promise<string> =>
  output(site.lab, host, `${etcdctlAt(host)} ${words}`);

/** Keys of acknowledged writes. */
const written: string[] = [];

/** Writes a key until it is acknowledged: without a leader, a write may time out. */
async function write(host: Member, key: string): Promise<void> {
  const put = `${etcdctlAt(host)} put ${key} "value of ${key}."`;
  expect(await output(site.lab, host, `for i in 1 2 3 4 5 6; do ${put} 2>/dev/null && break; done`)).toBe(
    'OK',
  );
  written.push(key);
}

/** Every key, read through the quorum by that member. */
const keys = async (host: Member): Promise<readonly string[]> =>
  (await etcdctl(host, 'get "" --prefix --keys-only')).split('\n').filter((line) => line !== '');

/** `etcd-1 voter`, `etcd-2 learner`; a member that never started has no name yet. */
async function members(host: Member): Promise<readonly string[]> {
  const lines = (await etcdctl(host, 'member list')).split('\n').map((line) => line.split(', '));
  return lines
    .map(
      ([, state, name = '', , , learner]) =>
        `${name || '-'} ${learner === 'true' ? 'learner' : 'voter'}${state === 'started' ? '' : ` ${state ?? ''}`}`,
    )
    .sort();
}

const allVote = names.map((name) => `${name} voter`);

async function expectWhole(): Promise<void> {
  const seen = await Promise.all(names.map(async (name) => [await members(name), await keys(name)]));
  expect(seen).toEqual(names.map(() => [allVote, [...written].sort()]));
  expect(await upTo()).toEqual([]);
}

test('a bootstrap that was killed half-way continues: three voting members; a second up changes nothing', async () => {
  await killAt(
    'at the first start of an etcd',
    up,
    (event) => event.type === 'start' && event.step?.endsWith(': unit etcd') === true,
  );
  await upTo();
  await write('etcd-2', 'founded');
  await expectWhole();
});

describe.each([
  ['client', 2379, '/version'],
  ['peer', 2380, '/members'],
])('TLS at the %s port', (_title, port, path) => {
  const ask = (host: Member, ...client: string[]): Promise<{ stdout: string; stderr: string }> =>
    site.lab.exec(
      [
        ...['openssl', 's_client', '-quiet', '-connect', `${addresses[host]}:${port}`],
        ...['-CAfile', join(dir, 'ca.crt'), '-verify_return_error', '-verify_hostname', host, ...client],
      ],
      { input: `GET ${path} HTTP/1.0\r\n\r\n` },
    );
  const pair = (name: string): string[] => [
    '-cert',
    join(dir, `${name}.crt`),
    '-key',
    join(dir, `${name}.key`),
  ];

  test('serves only clients with a certificate of the etcd CA', async () => {
    await takeCertificates();
    for (const host of names) {
      expect((await ask(host, ...pair('healthcheck-client'))).stdout).toContain(' 200 OK');
      const without = await ask(host);
      expect(without.stdout).not.toContain('HTTP/');
      expect(without.stderr).toContain('alert certificate required');
      const foreign = await ask(host, ...pair('foreign'));
      expect(foreign.stdout).not.toContain('HTTP/');
      expect(foreign.stderr).toMatch(/alert (unknown ca|bad certificate)/);
    }
  });
});

async function takeCertificates(): Promise<void> {
  for (const file of ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key'])
    await $({ input: await output(site.lab, 'etcd-1', `cat ${pki}/${file}`) })`tee ${join(dir, file)}`;
  const subject = ['-subj', '/O=kubeadm:cluster-admins/CN=kube-etcd-healthcheck-client', '-days', '2'];
  await $`openssl req -x509 -newkey rsa:2048 -nodes ${subject} -keyout ${join(dir, 'foreign.key')} -out ${join(dir, 'foreign.crt')}`;
}

test('a host that loses power: the others serve; it comes back without data and is replaced, and no write is lost', async () => {
  await site.lab.kill('etcd-3');
  await write('etcd-1', 'while-etcd-3-was-off');
  await site.lab.replace('etcd-3');
  const steps = await upTo();
  expect(steps.slice(0, 2)).toEqual(['cluster create snapshot etcd', 'cluster delete etcd-member etcd-3']);
  expect(new Set(steps.slice(2).map((line) => line.split(' ')[0]))).toEqual(new Set(['etcd-3']));
  expect(steps.slice(-3)).toEqual([
    'etcd-3 create etcd-member etcd-3',
    'etcd-3 create unit etcd',
    'etcd-3 update etcd-member etcd-3',
  ]);
  await expectWhole();
  await expectWholeSnapshot((await snapshots()).at(-1) ?? '');
});

/** Restores a snapshot on a host, which checks its checksum, and checks every acknowledged write in it. */
async function expectWholeSnapshot(snapshot: string): Promise<void> {
  const ssh = site.lab.sshArgv('etcd-1').join(' ');
  const sent = await site.lab.exec(['sh', '-c', `${ssh} 'cat > /run/snapshot.db' < ${snapshot}`]);
  expect(sent).toMatchObject({ exitCode: 0 });
  const found = await output(
    site.lab,
    'etcd-1',
    `etcdutl snapshot restore /run/snapshot.db --data-dir /run/restored 2>/dev/null
    grep -aoh 'value of [a-z0-9-]*[.]' /run/restored/member/snap/db | sort -u; rm -r /run/restored`,
  );
  expect(found.split('\n')).toEqual(written.map((key) => `value of ${key}.`).sort());
}

test('kill -9 of kboot after a learner was added, and again while it starts: the next up ends with three that vote', async () => {
  await site.lab.replace('etcd-2');
  // Without responses of the others, its etcd cannot start before kboot is killed.
  await output(site.lab, 'etcd-2', 'iptables -I INPUT -p tcp --sport 2380 -j DROP');
  const withLearner = ['- learner unstarted', 'etcd-1 voter', 'etcd-3 voter'];
  await killAt(
    'after the learner was added',
    up,
    (event) => event.type === 'done' && event.step === 'etcd-2: add-learner',
  );
  expect(await members('etcd-1')).toEqual(withLearner);
  await killAt(
    'while the learner starts',
    up,
    (event) => event.type === 'start' && event.step === 'etcd-2: unit etcd',
  );
  expect(await members('etcd-1')).toEqual(withLearner);
  await output(site.lab, 'etcd-2', 'iptables -F INPUT');
  expect(await upTo()).toContain('etcd-2 update etcd-member etcd-2');
  await expectWhole();
});

test('removing two of three from the inventory is refused, with the reason', async () => {
  const inventory = await site.write('one', { hosts: withMembers(['etcd-1']) });
  expect(await refused({ inventory })).toMatchInlineSnapshot(`
    "✗ removing etcd-2, etcd-3 from etcd would leave 1 healthy of the current 3 members; 2 are needed
      Remove members one at a time, and bring those that are down back up first. Nothing was changed.
      (E-QUORUM, \`kboot explain E-QUORUM\`)
    "
  `);
  await expectWhole();
});

test('a member whose host is off and left the inventory is removed without SSH to it', async () => {
  await site.lab.kill('etcd-3');
  const inventory = await site.write('two', { hosts: withMembers(['etcd-1', 'etcd-2']) });
  expect(await upTo({ inventory })).toEqual([
    'cluster create snapshot etcd',
    'cluster delete etcd-member etcd-3',
  ]);
  expect(await members('etcd-1')).toEqual(['etcd-1 voter', 'etcd-2 voter']);
  await write('etcd-2', 'while-there-were-two');
  expect(await upTo({ inventory })).toEqual([]);
});

test('a host with the data of a member that was removed is refused by name; after its reset it joins', async () => {
  await site.lab.boot('etcd-3');
  expect(await refused()).toMatchInlineSnapshot(`
    "✗ etcd-3
      has the data of a member that was removed from etcd
      It cannot join with that data. Delete it with \`kboot reset INVENTORY --limit etcd-3\`, then run the same command again. Nothing was changed.
      (E-PREFLIGHT, \`kboot explain E-PREFLIGHT\`)
    "
  `);
  expect(await site.kboot('reset', ['--limit', 'etcd-3', '--yes'])).toMatchObject({ exitCode: 0 });
  expect(await upTo()).toContain('etcd-3 update etcd-member etcd-3');
  await expectWhole();
});

test('if two of three came back without data, no second cluster is bootstrapped over the first', async () => {
  await Promise.all([site.lab.replace('etcd-2'), site.lab.replace('etcd-3')]);
  expect(await refused()).toMatchInlineSnapshot(`
    "✗ etcd has no quorum: there is data on etcd-1, and none on etcd-2, etcd-3
      Bring members that are down back up, with their disks. If these are lost for good, \`kboot etcd restore INVENTORY --from-survivor\` goes on with the most advanced member that is left, and \`kboot etcd restore INVENTORY SNAPSHOT\` with a snapshot. Nothing was changed.
      (E-QUORUM, \`kboot explain E-QUORUM\`)
    "
  `);
});
