import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

describe.each(shells)('package managers, in %s', (shell) => {
  let box: Sandbox;
  beforeEach(() => {
    box = sandbox(shell);
    box.write(box.path('bin/sleep'), '#!/bin/sh\n', 0o755);
  });
  afterEach(() => {
    box.remove();
  });

  /** Runs a script with a fake manager, whose `answers` are printed one after another, the last again and again. */
  function run(
    program: string,
    script: string,
    answers: readonly (readonly [number, string])[],
  ): { status: number | null; calls: readonly string[]; output: string } {
    const log = box.path('calls');
    const cases = answers.map(
      ([status, said], n) => `${n === answers.length - 1 ? '*' : n + 1}) echo "${said}"; exit ${status} ;;`,
    );
    box.write(log, '');
    box.write(
      box.path('bin', program),
      `#!/bin/sh\necho "$* stdin=$(cat | wc -c) $DEBIAN_FRONTEND $NEEDRESTART_SUSPEND" >> ${log}\ncase $(wc -l < ${log}) in ${cases.join('\n')} esac\n`,
      0o755,
    );
    const { status, output } = box.run(`PATH=${box.path('bin')}:$PATH\necho question | { ${script}; }`);
    return { status, output, calls: (box.text(log) ?? '').trimEnd().split('\n') };
  }
  const verbs = (calls: readonly string[]): string =>
    calls.map((call) => (/install|update|makecache/.exec(call) ?? [''])[0]).join(' ');

  it('apt keeps configuration files, asks nothing, and waits for the lock of dpkg', () => {
    const { status, calls } = run('apt-get', 'kb_apt kmod', [[0, 'done']]);
    expect(status).toBe(0);
    expect(calls).toEqual([
      'install -y --no-install-recommends -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold kmod stdin=0 noninteractive 1',
    ]);
  });

  it.each([
    [
      'a missing package: once more, with new lists',
      [[100, 'E: Unable to locate package kmod']],
      'install update install',
    ],
    [
      'the lock of dpkg: apt has waited',
      [[100, 'E: Unable to acquire the dpkg frontend lock (/x)']],
      'install',
    ],
    ['an interrupted dpkg', [[100, "E: dpkg was interrupted, run 'dpkg --configure -a'"]], 'install'],
    ['a package that fails', [[100, 'E: Sub-process /usr/bin/dpkg returned an error code (1)']], 'install'],
  ] as const)('apt, %s', (_title, answers, expected) => {
    const { status, calls } = run('apt-get', 'kb_apt kmod', answers);
    expect([status, verbs(calls)]).toEqual([100, expected]);
  });

  it('apt installs even if the update fails because of one source', () => {
    const { status, calls } = run('apt-get', 'kb_apt kmod', [
      [100, 'E: Unable to locate package kmod'],
      [100, "E: The repository 'http://gone.example x Release' does not have a Release file."],
      [0, 'done'],
    ]);
    expect([status, verbs(calls)]).toEqual([0, 'install update install']);
  });

  it('apt waits for the lock of the package lists, and not for ever', () => {
    const held = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)';
    const freed = run('apt-get', 'kb_apt kmod', [
      [100, 'E: Unable to locate'],
      [100, held],
      [100, held],
      [0, 'done'],
    ]);
    expect([freed.status, verbs(freed.calls)]).toEqual([0, 'install update update update install']);
    const never = run('apt-get', 'kb_apt kmod', [[100, held]]);
    expect([never.status, never.output.includes('process 7 (apt-get)')]).toEqual([100, true]);
    expect(never.calls.length).toBeLessThan(100);
  });

  it('apt takes packages of a folder from there alone, with lists of its own that do not stay', () => {
    const { status, calls, output } = run('apt-get', 'kb_apt_from /srv/p kmod', [
      [0, '$(cat $APT_CONFIG; cat $(dirname $APT_CONFIG)/list)'],
    ]);
    expect([status, verbs(calls)]).toEqual([0, 'update install']);
    expect(output).toContain('deb [trusted=yes] file:/srv/p ./');
    const folder = /Dir::State::lists "(\S+)\/lists";/.exec(output)?.[1] ?? '';
    expect(output).toContain(`Dir::Etc::sourcelist "${folder}/list";\nDir::Etc::sourceparts "-";`);
    expect(existsSync(folder)).toBe(false);
    expect(
      run('apt-get', 'kb_apt_from /srv/p kmod', [[100, 'E: Unable to locate package kmod']]).status,
    ).toBe(100);
  });

  it('dnf waits for another dnf, and names it when it does not end', () => {
    const held = [200, `metadata already locked by ${process.pid}`] as const;
    const freed = run('dnf', 'kb_dnf kmod', [held, held, [0, 'done']]);
    expect([freed.status, verbs(freed.calls)]).toEqual([0, 'install install install']);
    expect(freed.calls[0]).toContain('--setopt=exit_on_lock=True -- kmod stdin=0');
    const never = run('dnf', 'kb_dnf kmod', [held]);
    expect(never.status).toBe(200);
    expect(never.output).toContain(`It is held by process ${process.pid} (`);
  });

  it('dnf installs from the sources that respond', () => {
    const { status, calls } = run('dnf', 'kb_dnf kmod', [
      [1, "Error: Failed to download metadata for repo 'x'"],
      [1, "Error: Failed to download metadata for repo 'x'"],
      [0, 'done'],
    ]);
    expect([status, verbs(calls)]).toEqual([0, 'install makecache install']);
    expect(calls[0]).not.toContain('skip_if_unavailable');
    expect(calls[2]).toContain('--setopt=*.skip_if_unavailable=True');
  });

  it('dnf takes packages of a folder from there alone, with a cache of its own that does not stay', () => {
    const { status, calls } = run('dnf', 'kb_dnf_from /srv/p kmod', [[0, 'done']]);
    expect([status, verbs(calls)]).toEqual([0, 'install']);
    expect(calls[0]).toContain('--repofrompath=kboot-bundle,file:///srv/p ');
    expect(calls[0]).toContain(' -- kmod stdin=0');
    const [, folder = ''] = /--setopt=reposdir=(\S+) --setopt=cachedir=\1 /.exec(calls[0] ?? '') ?? [];
    expect([folder, existsSync(folder)]).toEqual([expect.stringMatching(/^\//), false]);
  });

  it.each(['apt', 'dnf'])(
    '%s names the bundle where its packages are not enough, and the status stays',
    (name) => {
      const program = name === 'apt' ? 'apt-get' : name;
      const { status, output } = run(program, `kb_${name}_from /srv/p kmod`, [[3, 'Error: no match']]);
      expect([status, output]).toEqual([
        3,
        expect.stringMatching(/\nThe packages are those in the bundle\n$/),
      ]);
    },
  );
});
