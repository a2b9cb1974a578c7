import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  probeHost,
  probeOthers,
  probeScript,
  readObservations,
  readSections,
} from '../../src/observe/probe.ts';
import { inspectSections } from '../../src/observe/inspect.ts';
import { handlerOf, resourceId } from '../../src/resource/kinds.ts';
import type { Resource } from '../../src/resource/types.ts';
import type { Reader, ScriptResult } from '../../src/transport/types.ts';
import { artifact, shells } from '../resource/sandbox.ts';
import { failure } from '../transport/failure.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-probe-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const nonce = '0123456789abcdef';

/** One resource of every kind; no machine has the unit or the static Pod. */
function all(): Resource[] {
  const stage = 'host';
  const content = { kind: 'text', text: 'x' } as const;
  const secret = { kind: 'secret', name: 's', digest: null } as const;
  return [
    { kind: 'file', stage, path: join(root, 'file'), mode: '644', content },
    { kind: 'directory', stage, path: join(root, 'there'), mode: '755' },
    { kind: 'binary', stage, path: join(root, 'binary'), artifact: artifact('b') },
    { kind: 'archive', stage, name: 'a', artifact: artifact('a'), destination: root },
    { kind: 'package', manager: 'apt', stage, name: 'coreutils' },
    { kind: 'module', stage, name: 'm', feature: root },
    { kind: 'sysctl', stage, key: 'kernel.pid_max', value: '1', compare: 'equal' },
    { kind: 'swap', stage },
    { kind: 'selinux', stage },
    { kind: 'unit', stage, name: 'no-such-unit' as never },
    { kind: 'image', stage, refs: ['r'], artifact: null },
    { kind: 'static-pod', stage, name: 'no-such-pod' as never, text: '' },
    { kind: 'client-certificate', stage, commonName: 'cn', content: secret, caPem: null },
  ];
}

const section = (name: string, body: string, status = 0): string =>
  `@${nonce} begin ${name}\n${body}@${nonce} end ${name} ${status}\n`;

describe('readSections', () => {
  it('reads complete sections', () => {
    expect(readSections(section('file', 'a\nb\n') + section('unit', ''), nonce)).toEqual(
      new Map([
        ['file', 'a\nb\n'],
        ['unit', ''],
      ]),
    );
  });

  it.each([
    ['cut off in the body', section('unit', 'x\n').slice(0, -30)],
    ['cut off in the end line', section('unit', 'x\n').slice(0, -4)],
    ['without an end', `@${nonce} begin unit\nx\n`],
    ['ended by a missing program', section('unit', 'x\n', 127)],
    ['ended by a refused program', section('unit', 'x\n', 126)],
    ['ended by a signal', section('unit', 'x\n', 137)],
    ['with the end of another', `@${nonce} begin unit\nx\n@${nonce} end file 0\n`],
    ['of another probe', section('unit', 'x\n').replaceAll(nonce, 'ffff')],
    ['with an end that is no line of its own', `@${nonce} begin unit\nx @${nonce} end unit 0\n`],
    ['with a begin that is no line of its own', `x @${nonce} begin unit\n@${nonce} end unit 0\n`],
  ])('leaves out a section %s', (_what, output) => {
    expect(readSections(section('file', 'ok\n') + output, nonce)).toEqual(new Map([['file', 'ok\n']]));
  });

  it('is not misled by the output of hosts', () => {
    const body = 'begin unit\n@ffff begin unit\n@ffff end unit 0\n\u0000\n';
    expect(readSections(`Welcome!\n${section('file', body)}Bye`, nonce).get('file')).toBe(body);
  });
});

describe('unknown is not absent', () => {
  it('nothing is absent if the output is truncated anywhere', () => {
    const wants = all();
    const kinds = wants.map(({ kind }) => kind);
    const whole = kinds.map((kind) => section(kind, kind === 'swap' ? 'read\n' : '')).join('');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        const cut = whole.slice(0, length);
        const seen = readObservations(wants, readSections(cut, nonce));
        for (const want of wants) {
          const ended = cut.includes(`@${nonce} end ${want.kind} 0`);
          if (!ended) expect(seen.get(resourceId(want))?.state).toBe('unknown');
        }
      }),
    );
    expect(readObservations(wants, readSections(whole, nonce)).get(`unit no-such-unit`)?.state).toBe(
      'absent',
    );
  });

  it('nothing is absent if the output is empty or garbage', () => {
    const wants = all();
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (garbage) => {
        const states = [...readObservations(wants, readSections(garbage, nonce)).values()].map(
          ({ state }) => state,
        );
        expect(states).toEqual(wants.map(() => 'unknown'));
      }),
    );
  });

  it('reads every kind from its own section', () => {
    const wants = all();
    for (const want of wants) {
      const seen = readObservations(wants, new Map([[want.kind, 'read\n']]));
      const known = [...seen].filter(([, { state }]) => state !== 'unknown').map(([id]) => id);
      expect(known).toEqual([resourceId(want)]);
    }
  });
});

describe.each(shells)('a probe in %s', (shell) => {
  const reader = (change: (result: ScriptResult) => ScriptResult = (same) => same): Reader => ({
    host: 'h1',
    stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    forward: () => Promise.reject(new Error('not in this test')),
    read(script) {
      const { stdout, stderr, status } = spawnSync(shell, ['-s'], { input: script, encoding: 'utf8' });
      return Promise.resolve(change({ stdout, stderr, exitCode: status }));
    },
  });

  it('reads one resource of every kind and the host itself with one script', async () => {
    mkdirSync(join(root, 'there'));
    writeFileSync(join(root, 'file'), 'x');
    const wants = all();
    const seen = await probeHost(reader(), wants);
    expect(seen.host).toBe('h1');
    expect(seen.inspection.cpus).toBeGreaterThan(0);
    expect(seen.inspection.kernel).toMatch(/^\d+\.\d+/);
    expect(Math.abs(seen.inspection.clockSkewMs)).toBeLessThan(30_000);
    expect([...seen.observations.keys()]).toEqual(wants.map(resourceId));
    const state = (index: number): string | undefined =>
      seen.observations.get(resourceId(wants[index] as Resource))?.state;
    expect([0, 1, 2, 3, 5, 6, 9, 11].map(state)).toEqual([
      'present',
      'present',
      'absent',
      'absent',
      'present',
      'present',
      'absent',
      'absent',
    ]);
  });

  it('repeats only the queries that differ on the system that it found', async () => {
    const asked = all();
    const first = await probeHost(reader(), asked);
    const silent = reader(() => {
      throw new Error('no exec');
    });
    expect(await probeOthers(silent, first, asked, asked)).toBe(first);
    const scripts: string[] = [];
    const listening: Reader = {
      ...reader(),
      read: (script, options) => (scripts.push(script), reader().read(script, options)),
    };
    const module: Resource = { kind: 'module', stage: 'host', name: 'm2', feature: root };
    const others = asked.map((want) => (want.kind === 'module' ? module : want));
    const seen = await probeOthers(listening, first, asked, others);
    expect(seen.observations.get('module m2')).toMatchObject({ state: 'present' });
    expect(seen.observations.get('swap swap')).toBe(first.observations.get('swap swap'));
    expect(scripts.join('').match(/ begin \w+/g)).toEqual([' begin module']);
  });

  it('leaves nothing behind on the host', async () => {
    const before = spawnSync('ls', ['-lAR', '--time-style=full-iso', root]).stdout.toString();
    await probeHost(reader(), all());
    expect(spawnSync('ls', ['-lAR', '--time-style=full-iso', root]).stdout.toString()).toBe(before);
  });

  it('throws E-PROBE if not even the host itself could be read', async () => {
    for (const stdout of ['', 'sh: syntax error', 'x'.repeat(1000)]) {
      const error = await failure(
        probeHost(
          reader((whole) => ({ ...whole, stdout, stderr: 'why' })),
          all(),
        ),
      );
      expect(error.code).toBe('E-PROBE');
      expect(error.context).toMatchObject({ host: 'h1', detail: 'why' });
    }
  });

  it('a kind whose program closes its output is unknown, the others are known', async () => {
    const seen = await probeHost(
      reader((whole) => ({
        ...whole,
        stdout: whole.stdout.slice(0, whole.stdout.indexOf('begin unit') + 15),
      })),
      all(),
    );
    expect(seen.observations.get('unit no-such-unit')?.state).toBe('unknown');
    expect(seen.observations.get('module m')?.state).toBe('present');
  });
});

describe('probeScript', () => {
  it('queries each kind once', () => {
    const twice = [...all(), ...all()];
    const script = probeScript(twice, nonce);
    expect(script.match(/ begin /g)).toHaveLength(inspectSections({}).size + all().length);
    expect(script).toContain(handlerOf('unit').query(twice.filter(({ kind }) => kind === 'unit')));
  });

  it('contains no command that writes', () => {
    const script = probeScript(all(), nonce);
    const redirections = script.match(/\d?>+\s*[^\s|;)]+/g) ?? [];
    expect(redirections.filter((each) => !/^(\d?>\s*\/dev\/null|>&\d|2>&1)$/.test(each.trim()))).toEqual([]);
    expect(script).not.toMatch(/(^|[\s;|&(])(rm|mv|cp|mkdir|touch|tee|install|chmod|mktemp|ln|kb_\w+)\s/m);
  });
});
