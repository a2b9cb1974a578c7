import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handlerOf } from '../../src/resource/kinds.ts';
import type { ArchiveResource } from '../../src/resource/types.ts';
import { artifact, sandbox, shells, type Sandbox } from './sandbox.ts';

describe.each(shells)('archive in %s', (shell) => {
  let box: Sandbox;
  let packed: Buffer;
  const want = (bytes = packed): ArchiveResource => ({
    kind: 'archive',
    stage: 'runtime',
    name: 'containerd',
    artifact: artifact(bytes),
    destination: box.path('usr/local'),
    readBy: ['containerd'],
  });
  const file = (name: string): string => box.path('usr/local', name);
  const pack = (files: Readonly<Record<string, string>>): Buffer => {
    const folder = box.path('pack');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(folder, name));
      else box.write(join(folder, name), text, 0o755);
    }
    const { stdout, status } = spawnSync('tar', ['-czf', '-', '-C', folder, '.']);
    spawnSync('rm', ['-rf', folder]);
    if (status !== 0) throw new Error('tar failed');
    return stdout;
  };
  const install = (bytes = packed): void => {
    expect(box.apply(box.plan(want(bytes)), bytes)).toEqual({ status: 0, output: '' });
  };
  beforeEach(() => {
    box = sandbox(shell);
    packed = pack({ 'bin/containerd': 'daemon', 'bin/sub dir/shim': 'shim', 'bin/link': '-> containerd' });
    mkdirSync(file('bin'), { recursive: true });
  });
  afterEach(() => {
    box.remove();
  });

  it("is unpacked, every file recorded as kboot's, and then there is nothing to do", () => {
    box.run(': > $KB/running/containerd');
    expect(box.plan(want())).toMatchObject({ verb: 'create', disturbs: ['containerd'] });
    install();
    expect(readFileSync(file('bin/sub dir/shim'), 'utf8')).toBe('shim');
    expect(readFileSync(file('bin/link'), 'utf8')).toBe('daemon');
    expect(box.text(box.own('owned'))?.split('\n').sort()).toEqual(
      ['', file('bin/containerd'), file('bin/link'), file('bin/sub dir'), file('bin/sub dir/shim')].sort(),
    );
    expect(existsSync(box.own('running/containerd'))).toBe(false);
    expect(existsSync(file('.kboot~unpack'))).toBe(false);
    expect(box.plan(want())).toBeUndefined();
  });

  it('is unpacked again if one of its files changed or is missing, and names that file', () => {
    install();
    box.write(file('bin/containerd'), 'tampered');
    expect(box.plan(want())?.reason).toContain(`${file('bin/containerd')} changed on the host`);
    install();
    expect(readFileSync(file('bin/containerd'), 'utf8')).toBe('daemon');
    box.run(`rm '${file('bin/sub dir/shim')}'`);
    expect(box.plan(want())?.reason).toContain(file('bin/sub dir/shim'));
    install();
    expect(box.plan(want())).toBeUndefined();
  });

  it('its files are read again if stat says something else of them, or with deep, and only then', () => {
    install();
    const stamp = box.own('archives/containerd');
    expect(box.run('kb_remember')).toEqual({ status: 0, output: '' });
    expect(readdirSync(box.own('tmp'))).toEqual([]);
    const whole = box.text(stamp) ?? '';
    expect(whole.split('\n').slice(1, -1)).toHaveLength(3);
    for (const line of whole.split('\n').slice(1, -1))
      expect(line).toMatch(/^\d+:\d+:\d+:\d+\.\d{9}:\d+\.\d{9}\|[0-9a-f]{64}\|\//);
    // Touched, with the same content: nothing to do; the next apply records it as it is now.
    box.run(`touch '${file('bin/containerd')}'`);
    expect(box.plan(want())).toBeUndefined();
    box.run('kb_remember');
    expect(readdirSync(box.own('tmp'))).toEqual([]);
    expect(box.text(stamp)).not.toBe(whole);
    // Changed, with its time put back.
    const { atime, mtime } = statSync(file('bin/containerd'));
    writeFileSync(file('bin/containerd'), 'DAEMON');
    utimesSync(file('bin/containerd'), atime, mtime);
    expect(box.plan(want())?.reason).toContain(`${file('bin/containerd')} changed on the host`);
    box.run('kb_remember');
    expect(box.plan(want())?.reason).toContain(`${file('bin/containerd')} changed on the host`);
    install();
    box.run('kb_remember');
    // A digest that is not the file's shows whether the file was read.
    box.write(
      stamp,
      (box.text(stamp) ?? '').replace(/\|[0-9a-f]{64}\|(.*shim)$/m, `|${'f'.repeat(64)}|$1`),
      0o600,
    );
    expect(box.plan(want())).toBeUndefined();
    const handler = handlerOf('archive');
    const { output } = box.run(handler.query([want()], { deep: true }));
    expect(handler.read([want()], output)).toMatchObject([
      { found: { altered: [file('bin/sub dir/shim')] } },
    ]);
  });

  it('is compared as a whole, and a stamp that is empty does not get the digest of another', () => {
    install();
    box.write(
      box.path('bin/sed'),
      `#!/bin/sh\necho sed >> ${box.path('started')}\nexec /bin/sed "$@"\n`,
      0o755,
    );
    const wants = ['empty', 'containerd', 'none'].map((name) => ({ ...want(), name }));
    const found = (): unknown[] => {
      const { output } = box.run(`PATH=${box.path('bin')}:$PATH\n${handlerOf('archive').query(wants)}`);
      return handlerOf('archive')
        .read(wants, output)
        .map((each) => (each.state === 'present' ? each.found : each.state));
    };
    const whole = { digest: want().artifact.sha256, altered: [] };
    expect(found()).toEqual(['absent', whole, 'absent']);
    expect(box.text(box.path('started'))).toBeUndefined();
    box.write(box.own('archives/empty'), '', 0o600);
    expect(found()).toEqual(['absent', whole, 'absent']);
    expect(box.text(box.path('started'))).toBe('sed\n');
  });

  it("an earlier release's record counts as it did, and the next apply adds what it lacks", () => {
    install();
    const stamp = box.own('archives/containerd');
    const former = (box.text(stamp) ?? '').replace(/^\d+:(\d+:\d+:\d+)\.\d{9}(:\d+)\.\d{9}/gm, '$1$2');
    expect(former).not.toBe(box.text(stamp));
    box.write(stamp, former, 0o600);
    expect(box.plan(want())).toBeUndefined();
    box.write(file('bin/sub dir/shim'), 'other');
    expect(box.plan(want())?.reason).toContain(file('bin/sub dir/shim'));
    box.run('kb_remember');
    // What had changed by then stays changed.
    expect(box.plan(want())?.reason).toContain(`${file('bin/sub dir/shim')} changed on the host`);
    expect(box.text(stamp)?.match(/\|[0-9a-f]{64}\|/g)).toHaveLength(2);
  });

  it('is not unpacked if its download failed, although a partial file exists', () => {
    const evil = pack({ 'bin/containerd': 'not verified' });
    box.write(box.path('evil.tar.gz'), evil);
    const stub = `while [ $# -gt 0 ]; do [ "$1" != -o ] || cp ${box.path('evil.tar.gz')} "$2"; shift; done; echo 'curl: (18) transfer closed'; exit 18`;
    box.write(box.path('bin/curl'), `#!/bin/sh\n${stub}\n`, 0o755);
    const url = 'https://mirror.example/containerd.tar.gz';
    const remote = {
      ...want(),
      artifact: { ...artifact(packed), source: { kind: 'download' as const, url } },
    };
    const { status, output } = box.run(`PATH=${box.path('bin')}:$PATH\n${box.plan(remote)?.script ?? ''}`);
    expect([status, output]).toEqual([18, 'curl: (18) transfer closed\n']);
    expect(existsSync(file('bin/containerd'))).toBe(false);
  });

  it('a new version replaces the running file instead of overwriting it', () => {
    install();
    const inode = statSync(file('bin/containerd')).ino;
    const next = pack({ 'bin/containerd': 'daemon 2' });
    expect(box.plan(want(next))?.verb).toBe('update');
    install(next);
    expect(readFileSync(file('bin/containerd'), 'utf8')).toBe('daemon 2');
    expect(statSync(file('bin/containerd')).ino).not.toBe(inode);
    expect(box.plan(want(next))).toBeUndefined();
  });

  it('backs up previous files', () => {
    box.write(file('bin/containerd'), 'theirs');
    install();
    install(pack({ 'bin/containerd': 'daemon 2' }));
    expect(box.text(box.own('before', file('bin/containerd')))).toBe('theirs');
  });

  it('refuses an archive with a wrong checksum before it changes anything', () => {
    install();
    const result = box.apply(box.plan(want(pack({ 'bin/x': '' }))), 'not it');
    expect(result.status).not.toBe(0);
    expect(result.output).toContain('wrong SHA-256');
    expect(box.plan(want())).toBeUndefined();
  });

  it.each(['mv -f -T', 'sync', 'tar'])('a crash at %s is detected and repaired', (command) => {
    install();
    const next = pack({ 'bin/a': 'a', 'bin/containerd': 'daemon 2', 'bin/z': 'z' });
    const action = box.plan(want(next));
    if (action === undefined) throw new Error('nothing to do');
    const name = command.split(' ')[0] ?? '';
    box.run(': > $KB/running/containerd');
    const crashed = box.apply({ ...action, script: `${name}() { exit 9; }\n${action.script}` }, next);
    expect(crashed.status).toBe(9);
    if (name !== 'tar') expect(existsSync(box.own('running/containerd'))).toBe(false);
    expect(box.plan(want(next))).toBeDefined();
    install(next);
    expect(readFileSync(file('bin/containerd'), 'utf8')).toBe('daemon 2');
    expect(box.plan(want(next))).toBeUndefined();
  });
});
