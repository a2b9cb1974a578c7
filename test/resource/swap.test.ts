import { existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resetRemovals } from '../../src/desire/reset.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import { swapOn } from '../../src/resource/swap-script.ts';
import type { Action, Resource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

const want: Resource = { kind: 'swap', stage: 'host' };

describe('swap', () => {
  const act = (output: string): Action | undefined => {
    const [seen] = handlerOf('swap').read([want], output);
    if (seen === undefined || seen.state === 'unknown') throw new Error('unknown');
    return handlerOf('swap').action(want, seen, { disturbed: new Set() });
  };
  it('is off if nothing is on and nothing would re-enable it', () => {
    expect(act('read\n')).toBeUndefined();
  });
  it('lists everything that would re-enable it', () => {
    const output = 'active /dev/sda2\n/etc/fstab:/dev/sda2 none swap sw 0 0\nunit dev-sdb1.swap\nread\n';
    expect(act(output)).toMatchObject({
      reason: 'off now: /dev/sda2; comments out 1 line of /etc/fstab; turns off dev-sdb1.swap',
    });
    expect(act(output)?.diff).toContain('+#kboot# /dev/sda2 none swap sw 0 0');
  });
  it('is unknown if the output was truncated', () => {
    for (const output of ['active /dev/sda2\n', ''])
      expect(handlerOf('swap').read([want], output)[0]?.state).toBe('unknown');
  });
});

/** Knows units by their files; `active` and `enabled` have lines; masks like systemctl: never where a file is. */
const systemctl = (units: string, states: string): string => `#!/bin/sh
u=; for u; do :; done
loaded() { for d in ${units}/etc/systemd/system ${units}/usr/lib/systemd/system ${units}/run/systemd/generator; do
  [ -e $d/$u ] || [ -L $d/$u ] || continue; echo $d/$u; return; done; }
state() { [ "$(readlink "$(loaded)")" = /dev/null ] && echo masked || { grep -qx "$u" ${states}/enabled && echo enabled || { [ -n "$(loaded)" ] && echo disabled; }; }; }
case $1 in
  list-unit-files) for f in ${units}/etc/systemd/system/*.swap ${units}/usr/lib/systemd/system/*.swap ${units}/run/systemd/generator/*.swap; do
    [ -e $f ] || [ -L $f ] || continue; u=\${f##*/}; echo "$u $(state) -"; done ;;
  list-units) : ;;
  is-enabled) state ;;
  is-active) grep -qx "$u" ${states}/active ;;
  show) case $* in *FragmentPath*) loaded ;; *SourcePath*) sed -n 's/^SourcePath=//p' $(loaded) </dev/null ;; esac ;;
  start) echo "$u" >> ${states}/active ;;
  stop) grep -vx "$u" ${states}/active > ${states}/a; mv ${states}/a ${states}/active ;;
  mask) [ ! -e ${units}/etc/systemd/system/$u ] || { echo "File $u already exists"; exit 1; }; ln -s /dev/null ${units}/etc/systemd/system/$u ;;
  unmask) [ "$(readlink ${units}/etc/systemd/system/$u)" != /dev/null ] || rm ${units}/etc/systemd/system/$u ;;
esac
`;

describe.each(shells)('on a host with %s', (shell) => {
  let box: Sandbox;
  beforeEach(() => {
    box = sandbox(shell, [
      ...['/etc/fstab', '/proc/swaps', '/etc/systemd', '/run/systemd', '/usr/lib/systemd'],
      '/usr/local/lib/systemd',
    ]);
    box.write(box.path('bin/systemctl'), systemctl(box.root, box.root), 0o755);
    for (const name of ['swapon', 'swapoff']) box.write(box.path('bin', name), '#!/bin/sh\n', 0o755);
    for (const name of ['active', 'enabled']) box.write(box.path(name), '');
    box.write(box.path('/proc/swaps'), 'Filename Type Size Used Priority\n');
    mkdirSync(box.path('/etc/systemd/system'), { recursive: true });
  });
  afterEach(() => {
    box.remove();
  });
  const withFakes = (script: string): string => `PATH=${box.path('bin')}:$PATH\n${script}`;
  const found = (): unknown => {
    const { output } = box.run(withFakes(handlerOf('swap').query([want])));
    const [seen] = handlerOf('swap').read([want], output);
    return seen?.state === 'present' ? seen.found : output;
  };
  const off = (): { status: number | null; output: string } => {
    const action = handlerOf('swap').action(
      want,
      { state: 'present', found: found() },
      { disturbed: new Set() },
    );
    return box.run(withFakes(action?.script ?? 'echo nothing to do; exit 9'));
  };
  /** The removals of a reset that bring files and swap back. */
  const reset = (): { status: number | null; output: string } => {
    const none = {
      clusterId: 'x',
      owned: 0,
      kept: 0,
      containers: 0,
      keptFolders: [],
      dockerContainers: null,
    };
    const files = resetRemovals({ ...none, present: true, swap: true, selinux: false }).find(
      ({ what }) => what === 'files',
    );
    // The sandbox's own folder is not /: the backups are of absolute paths.
    return box.run(withFakes(`{ ${files?.script ?? 'false'}\n} && { ${swapOn}\n}`));
  };
  const nothing = { active: [], fstab: [], units: [] };
  const link = (target: string, path: string): void => {
    mkdirSync(dirname(box.path(path)), { recursive: true });
    symlinkSync(target, box.path(path));
  };

  it('starts no process for units where nothing can make swap', () => {
    for (const name of ['systemctl', 'sed', 'sort', 'cat', 'wc', 'tail'])
      box.write(box.path('bin', name), `#!/bin/sh\necho ${name} >> ${box.path('started')}\n`, 0o755);
    expect(found()).toEqual(nothing);
    expect(box.text(box.path('started'))).toBeUndefined();
    box.write(box.path('/proc/swaps'), 'Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n');
    expect(found()).toMatchObject({ active: ['/dev/sda2'] });
    expect(box.text(box.path('started'))).toContain('systemctl');
  });

  it('a unit in /etc/systemd/system goes, and comes back as it was', () => {
    const unit = '/etc/systemd/system/swapfile.swap';
    const wanted = '/etc/systemd/system/swap.target.wants/swapfile.swap';
    box.write(box.path(unit), '[Swap]\nWhat=/swapfile\n');
    box.write(box.path('active'), 'swapfile.swap\n');
    link(unit, wanted);
    expect(found()).toEqual({ ...nothing, units: ['swapfile.swap'] });
    const { status, output } = off();
    expect(status, output).toBe(0);
    expect([existsSync(box.path(unit)), lstatSync(box.path(wanted), { throwIfNoEntry: false })]).toEqual([
      false,
      undefined,
    ]);
    expect(found()).toEqual(nothing);
    expect(box.text(box.path('active'))).toBe('');
    expect(reset()).toMatchObject({ status: 0 });
    expect(box.text(box.path(unit))).toBe('[Swap]\nWhat=/swapfile\n');
    expect(readlinkSync(box.path(wanted))).toBe(unit);
    expect(box.text(box.path('active'))).toBe('swapfile.swap\n');
  });

  it('a unit in /etc that hides one of a package: both are off, both come back', () => {
    box.write(box.path('/etc/systemd/system/a.swap'), 'mine\n');
    box.write(box.path('/usr/lib/systemd/system/a.swap'), 'package\n');
    expect(off()).toMatchObject({ status: 0 });
    expect(readlinkSync(box.path('/etc/systemd/system/a.swap'))).toBe('/dev/null');
    expect(found()).toEqual(nothing);
    expect(reset()).toMatchObject({ status: 0 });
    expect(box.text(box.path('/etc/systemd/system/a.swap'))).toBe('mine\n');
  });

  it('a unit of a package or generator is masked; one made from fstab is left to fstab', () => {
    box.write(box.path('/usr/lib/systemd/system/b.swap'), '');
    box.write(box.path('/run/systemd/generator/dev-disk-by\\x2duuid-1.swap'), '');
    box.write(box.path('/run/systemd/generator/c.swap'), `SourcePath=${box.path('/etc/fstab')}\n`);
    expect(found()).toEqual({ ...nothing, units: ['b.swap', 'dev-disk-by\\x2duuid-1.swap'] });
    expect(off()).toMatchObject({ status: 0 });
    expect(found()).toEqual(nothing);
    expect(reset()).toMatchObject({ status: 0 });
    expect(existsSync(box.path('/etc/systemd/system/b.swap'))).toBe(false);
  });

  it.each(['dphys-swapfile', 'zramswap', 'zram-swap', 'zram-config'])(
    'the service %s is masked if it is enabled, and started again by a reset if it was active',
    (name) => {
      box.write(box.path(`/usr/lib/systemd/system/${name}.service`), '');
      expect(found()).toEqual(nothing);
      box.write(box.path('enabled'), `${name}.service\n`);
      box.write(box.path('active'), `${name}.service\n`);
      expect(found()).toEqual({ ...nothing, units: [`${name}.service`] });
      expect(off()).toMatchObject({ status: 0 });
      expect(found()).toEqual(nothing);
      expect(box.text(box.path('active'))).toBe('');
      expect(reset()).toMatchObject({ status: 0 });
      expect(box.text(box.path('active'))).toBe(`${name}.service\n`);
    },
  );

  it('the devices of zram-generator are masked, wherever its configuration is', () => {
    box.write(box.path('/usr/lib/systemd/zram-generator.conf'), '# none\n[zram0]\nzram-size = ram\n');
    expect(found()).toEqual(nothing);
    box.write(box.path('/usr/lib/systemd/system-generators/zram-generator'), '', 0o755);
    box.write(box.path('/etc/systemd/zram-generator.conf.d/x.conf'), ' [zram1]\n');
    expect(found()).toEqual({ ...nothing, units: ['dev-zram0.swap', 'dev-zram1.swap'] });
    expect(off()).toMatchObject({ status: 0 });
    expect(found()).toEqual(nothing);
    expect(reset()).toMatchObject({ status: 0 });
    box.write(box.path('/etc/systemd/zram-generator.conf'), '');
    expect(found()).toEqual({ ...nothing, units: ['dev-zram1.swap'] });
  });

  it('lines of fstab in every spelling are commented out, the others never, and come back', () => {
    const swaps = [
      'UUID=0a-1 none swap sw 0 0',
      '/dev/mapper/vg-swap\tswap\tswap\tdefaults,pri=5\t0\t0',
      '  LABEL=swap none swap x-systemd.makefs,nofail',
      '/swap.img       none    swap    sw      0       0',
      'PARTLABEL=a none swap',
      '/swapfile none swap sw,comment=cloudconfig 0 0',
    ];
    const others = [
      '# swap was on /dev/sda2 during installation',
      '#/dev/sda2 none swap sw 0 0',
      '/dev/sda1 /swap ext4 defaults 0 1',
      'tmpfs /tmp tmpfs size=1G,comment=swap 0 0',
      '',
    ];
    const text = [...others.slice(0, 2), ...swaps, ...others.slice(2)].join('\n');
    box.write(box.path('data/fstab'), text);
    symlinkSync(box.path('data/fstab'), box.path('/etc/fstab'));
    expect(found()).toEqual({ ...nothing, fstab: swaps });
    expect(off()).toMatchObject({ status: 0 });
    expect(found()).toEqual(nothing);
    for (const line of others) expect(`\n${box.text(box.path('/etc/fstab')) ?? ''}`).toContain(`\n${line}`);
    expect(lstatSync(box.path('/etc/fstab')).isSymbolicLink()).toBe(true);
    expect(reset()).toMatchObject({ status: 0 });
    expect(box.text(box.path('data/fstab'))).toBe(text);
  });
});
