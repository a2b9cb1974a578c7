import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Sources } from '../../src/apply/diagnose/sources.ts';
import { factsOf } from '../../src/model/inspection.ts';
import { KbootError } from '../../src/model/error.ts';
import { observeCertificateFiles, readCertificateFiles } from '../../src/observe/certificate-files.ts';
import { readEncryptionFiles } from '../../src/observe/encryption.ts';
import { confirmEmpty } from '../../src/observe/etcd.ts';
import { observeFormerHost } from '../../src/observe/former-host.ts';
import { listHostSnapshots, readHostFile } from '../../src/observe/host-snapshots.ts';
import { inspectSections, readInspection } from '../../src/observe/inspect.ts';
import { readNetworks } from '../../src/observe/networks.ts';
import { probeHost, probeOthers, readSections } from '../../src/observe/probe.ts';
import { observeForReset } from '../../src/observe/reset.ts';
import { observeForRestore } from '../../src/observe/restore.ts';
import { readRunningConfig } from '../../src/observe/running-config.ts';
import { observeForSupport } from '../../src/observe/support.ts';
import { readTexts } from '../../src/observe/texts.ts';
import { deprecatedUses } from '../../src/observe/upgrade/read.ts';
import { factOf } from '../../src/resource/fact.ts';
import { handlerOf, resourceId } from '../../src/resource/kinds.ts';
import type { Resource, ResourceKind, ResourceOf } from '../../src/resource/types.ts';
import type { Reader } from '../../src/transport/types.ts';
import { artifact as artifactOf } from '../resource/sandbox.ts';
import { operations } from './operations.ts';

const stage = 'host';
const artifact = artifactOf('x');
const secret = { kind: 'secret', name: 's', digest: 'ab'.repeat(32) } as const;

/** A resource of every kind: a new kind does not compile without one. */
const resources: { readonly [K in ResourceKind]: ResourceOf<K> } = {
  directory: { kind: 'directory', stage, path: '/a', mode: '755' },
  user: { kind: 'user', stage: 'etcd', name: 'etcd', id: 2379 },
  file: { kind: 'file', stage, path: '/a', mode: '644', content: { kind: 'text', text: 'x\n' } },
  obsolete: { kind: 'obsolete', stage, name: 'a', patterns: ['/a*'], keep: ['/a/b'] },
  binary: { kind: 'binary', stage, path: '/a', artifact },
  archive: { kind: 'archive', stage, name: 'a', artifact, destination: '/a' },
  package: { kind: 'package', stage, name: 'a', manager: 'apt' },
  module: { kind: 'module', stage, name: 'a', feature: '/a' },
  sysctl: { kind: 'sysctl', stage, key: 'a', value: '1', compare: 'at-least' },
  swap: { kind: 'swap', stage },
  selinux: { kind: 'selinux', stage },
  'cni-config': { kind: 'cni-config', stage, keep: ['a'] },
  'time-service': { kind: 'time-service', stage, name: 'chrony', wanted: true, files: ['/a'] },
  'pod-network': { kind: 'pod-network', stage },
  'service-rules': { kind: 'service-rules', stage },
  unit: { kind: 'unit', stage, name: 'kubelet' },
  timer: { kind: 'timer', stage, name: 'a', wanted: true, files: ['/a'] },
  image: { kind: 'image', stage, refs: ['a', 'b'], artifact, digests: { a: ['sha256:a'] } },
  'static-pod': { kind: 'static-pod', stage, name: 'etcd', text: 'x\n', reads: ['/a'] },
  'client-certificate': { kind: 'client-certificate', stage, commonName: 'a', content: secret, caPem: null },
  'serving-certificate': { kind: 'serving-certificate', stage },
  'kubelet-checkpoint': { kind: 'kubelet-checkpoint', stage, cpu: 'none', memory: 'None', reserved: '' },
  'link-mtu': { kind: 'link-mtu', stage, link: 'a', below: 'b', overhead: 50 },
  hook: { kind: 'hook', stage, name: 'a', when: 'before', run: 'x', environment: {}, timeoutSeconds: 1 },
};
const kinds = Object.values(resources) as readonly Resource[];

/** A host that answers every read with the same text; `NONCE` in it is the one that was asked for. */
function answering(text: string): Reader {
  return {
    host: 'w-1',
    stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    read: (script) =>
      Promise.resolve({
        stdout: text.replaceAll('NONCE', /@([0-9a-f]{24}) /.exec(script)?.[1] ?? ''),
        stderr: text,
        exitCode: 0,
      }),
    forward: () => Promise.reject(new KbootError('E-CONNECT', 'refused')),
  };
}

const member = { id: '1', name: 'w-1', peerURLs: [], clientURLs: [], isLearner: false };
const inspected = (text: string): unknown => {
  const names = [...inspectSections({}).keys()];
  const seen = readInspection(new Map(names.map((name) => [name, text])), 0, 1);
  return seen && factsOf(seen, '10.0.0.1');
};

/** What reads the answers of hosts, by file: one that is missing here fails below. */
const readers: Readonly<Record<string, (reader: Reader) => Promise<unknown>>> = {
  'observe/certificate-files.ts': observeCertificateFiles,
  'observe/encryption.ts': readEncryptionFiles,
  'observe/etcd.ts': (reader) =>
    confirmEmpty(
      [{ name: 'w-1', address: '10.0.0.1', peerURL: '', data: 'absent', startedWith: undefined }],
      { state: 'present', members: [member], healthy: new Set() },
      () => reader,
    ),
  'observe/former-host.ts': (reader) => observeFormerHost(reader, 'w-1', 'a'),
  'observe/host-snapshots.ts': async (reader) => {
    const found = await listHostSnapshots(reader, '/a');
    for await (const piece of readHostFile(reader, '/a')) if (piece.length === 0) break;
    return found;
  },
  'observe/networks.ts': readNetworks,
  'observe/probe.ts': async (reader) => {
    const seen = await probeHost(reader, []);
    return probeOthers(reader, seen, [], kinds);
  },
  'observe/reset.ts': observeForReset,
  'observe/restore.ts': (reader) => observeForRestore(reader, '/a'),
  'observe/running-config.ts': readRunningConfig,
  'observe/support.ts': observeForSupport,
  'observe/texts.ts': (reader) => readTexts(reader, ['/a', '/b']),
  'apply/diagnose/sources.ts': (reader) =>
    new Sources({ connections: new Map([['w-1', { reader }]]) } as never, 5_000).read('w-1', 'true'),
};

/** They read nothing that decides anything: the lock of the cluster has its own tests. */
const elsewhere = ['app/cluster-unlock.ts'];

/** The same readers where they are functions of the text: their operations are counted. */
const pure: Readonly<Record<string, (text: string) => unknown>> = {
  ...Object.fromEntries(
    kinds.map((want) => [
      `kind ${want.kind}`,
      (text: string) => {
        const [seen] = handlerOf(want.kind).read([want], text);
        if (seen === undefined || seen.state === 'unknown') return seen;
        return [
          factOf(want, seen),
          handlerOf(want.kind).action(want, seen, { disturbed: new Set(), ahead: false }),
          handlerOf(want.kind).fetch?.(want, seen),
        ];
      },
    ]),
  ),
  inspection: inspected,
  sections: (text) => readSections(text, 'NONCE'),
  'certificate files': readCertificateFiles,
  'deprecated APIs': (text) => deprecatedUses('w-1', text),
};

/** Parts of true answers, and what a hostile one is made of. */
const keys = [
  ...[
    'os',
    'machine',
    'now',
    'address',
    'free',
    'space',
    'firewall',
    'firewalldZones',
    'firewalldDefault',
    'ufwRule',
  ],
  ...['firewalldTarget', 'firewall'],
  ...[
    'resolver',
    'savedRule',
    'managerProxy',
    'backup-now',
    'backup-size',
    'flannelRuns',
    'end',
    'record',
    'db',
  ],
  ...['endpointTcp', 'sysctlFile', 'kubelet', 'etcd', 'kept', 'owned', 'lookup', 'file', 'cpu'],
];
const values = [
  ...[
    '',
    '1',
    'x',
    '-1',
    '1e400',
    'NaN',
    '{"data":5}',
    '{"data":[{"a":{"sources":7}}]}',
    'firewalld',
    'ufw',
    '[',
  ],
  ...[
    '{"data":[null]}',
    'a=http://[',
    '/etc/sysctl.d/a.conf:1:a = b',
    '/etc/a:1:',
    '10.0.0.0/8 via 1 dev eth0',
  ],
  ...[
    'a 4: a: vxlan id 1 dstport 8472 external',
    '\u0000\u001b[2J',
    '\u2028',
    '__proto__ 1',
    'constructor 1',
  ],
  ...['/etc/systemd/system/kubelet.service.d/a.conf:1:Environment="A=1 \\"x', '"'.repeat(9), ' '.repeat(99)],
];
const lines = [
  ...[
    'read',
    'end',
    'live',
    'whole',
    '.',
    '@end',
    '@file /a',
    '@client-certificate x y',
    '-----BEGIN CERTIFICATE-----',
  ],
  ...[
    '-----END CERTIFICATE-----',
    '@NONCE begin inspection',
    '@NONCE end inspection 0',
    '@NONCE begin inspection-line',
    '@NONCE end inspection-line 0',
    '@NONCE begin file',
    '@NONCE ',
  ],
  ...[
    '@NONCE end file 0',
    '644 abcd /a',
    'odd - /a',
    'unit kubelet active current enabled',
    'a timer enabled',
    'a file /a',
  ],
  ...[
    'ref a x sha256:b',
    'stamp a b',
    'archive a b',
    'altered a b',
    'file a',
    'wrapper a',
    'a 1500',
    'b x',
    'a /a',
  ],
  ...[
    '755 directory|/a',
    'active a',
    '/etc/fstab:a',
    'unit a',
    'now Enforcing',
    'since pod-etcd',
    'a installed',
    'cpu=x',
  ],
  ...[
    '1 2 /a',
    '2: eth0 inet 10.0.0.1/24',
    '/etc/sysctl.d/a.conf:1:a = b',
    '/proc/self/status:1:Cpus_allowed_list:\t0-1,7-,x',
    '/proc/self/mounts:1:a /usr ext4 noexec',
    '/proc/sys/net/ipv6/conf/__proto__/accept_ra:1:1',
  ],
  ...[
    '/sys/class/net/a/uevent:1:DEVTYPE=vxlan',
    '4: a: vxlan id 1 dstport 8472 external',
    '/etc/kubernetes/manifests/etcd.yaml:/etcd:3.6',
    '/etc/kubernetes/manifests/kube-apiserver.yaml:--etcd-servers=,',
    'tcp LISTEN 0 1 *:x *:* users:(("a',
    'default proto ra dev a',
    '10.0.0.0/8 via 1 dev eth0',
    'etcd:x:1:2:',
    '1e9 /var/lib/etcd/member/snap/db',
    'docker.service loaded active x',
    '# CONFIG_VXLAN is not set',
    '/dev/a 1 2 x 4 /',
    'apiserver_requested_deprecated_apis{group="a",removed_release="1"} 1',
  ],
];
const fragments = [...lines, ...keys.flatMap((key) => values.map((value) => `${key}=${value}`))];
const answer = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 40 })), {
    maxLength: 60,
  })
  .chain((all) => fc.constantFrom(all.join('\n'), `${all.join('\n')}\nnow=1\nend=1\nread`, all.join('')));

/** Answers that ended the plan of every host, or took minutes. */
const examples: readonly [string][] = [
  'firewall=firewalld\nfirewalldZones={"data":5}\nfirewalldDefault={"data":[7]}',
  'firewall=firewalld\nfirewalldZones={"data":[{"a":7}]}\nfirewalldDefault={"data":["a"]}\nfirewalldTarget=a ACCEPT',
  'firewall=firewalld\nfirewalldZones=null\nfirewalldDefault=null',
  'firewall=ufw\nufwINPUT=ACCEPT\nufwRead=a\nufwRead=b\nufwRule=',
  '@NONCE begin inspection\n'.repeat(2000),
  'k=v\n'.repeat(2000),
].map((each) => [`${each}\nnow=1\nend=1\nread`]);

/** Counter-examples are kept: fast-check prints their seed, which belongs here. */
const seeds = [14, 0x5eed, 20261128];
const numRuns = 150;
let cases = 0;
const growths: [number, string][] = [];

afterAll(() => {
  const [worst = [0, '']] = growths.sort(([one], [other]) => other - one);
  process.stderr.write(
    `fuzz: ${Object.keys(readers).length + Object.keys(pure).length} readers, ${cases} cases, worst growth from n to 2n ${worst[0].toFixed(2)} (${worst[1]})\n`,
  );
});

describe('readers of hosts', () => {
  it('are all here', () => {
    const source = new URL('../../src/', import.meta.url);
    const found = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.ts') &&
        !file.startsWith('transport/') &&
        /\breader(\(\)|\?)?\.read\(/.test(readFileSync(new URL(file, source), 'utf8')),
    );
    expect(found.toSorted()).toEqual([...Object.keys(readers), ...elsewhere].toSorted());
  });

  it.each(Object.entries(readers))('%s: a result or a KbootError, whatever comes', async (_file, read) => {
    for (const seed of seeds)
      await fc.assert(
        fc.asyncProperty(answer, async (text) => {
          cases++;
          await read(answering(text)).catch((error: unknown) => {
            if (!(error instanceof KbootError)) throw error;
          });
        }),
        { seed, numRuns, examples: [...examples] },
      );
  });

  it.each(Object.entries(pure))('%s: never throws', (_name, read) => {
    for (const seed of seeds)
      fc.assert(
        fc.property(answer, (text) => {
          cases++;
          read(text);
        }),
        { seed, numRuns, examples: [...examples] },
      );
  });

  it.each(Object.entries(pure))('%s: linear in what a host sends', (name, read) => {
    const repeated = (line: string, times: number): string => `${line}\n`.repeat(times) + 'now=1\nread';
    for (const each of [
      ...lines,
      ...keys.flatMap((key) => [`${key}=v`, `${key}=/etc/sysctl.d/a.conf:1:a=b`]),
    ]) {
      for (const grown of [
        (n: number) => repeated(each, n),
        (n: number) => `${each.repeat(n)}\nnow=1\nread`,
      ]) {
        const [small, large] = [operations(() => read(grown(300))), operations(() => read(grown(600)))];
        cases += 2;
        growths.push([large / Math.max(small, 1), `${name}: ${each}`]);
        expect(large, `${name}: ${each}`).toBeLessThanOrEqual(2.3 * small + 1000);
      }
    }
  });

  it('names of resources are what they were', () => {
    expect(kinds.map(resourceId)).toHaveLength(Object.keys(resources).length);
  });
});
