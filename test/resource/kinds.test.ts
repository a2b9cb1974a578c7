import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handlerOf, resourceId } from '../../src/resource/kinds.ts';
import { restoreSELinux } from '../../src/resource/selinux.ts';
import type { Action, Observation, Resource } from '../../src/resource/types.ts';
import { artifact, sandbox, shells, type Sandbox } from './sandbox.ts';

const stage = 'host';
const seen = (want: Resource, output: string): Observation<unknown> | undefined =>
  handlerOf(want.kind).read([want], output)[0];
const act = (want: Resource, output: string, disturbed: readonly string[] = []): Action | undefined => {
  const observation = seen(want, output);
  if (observation === undefined || observation.state === 'unknown') throw new Error('unknown');
  return handlerOf(want.kind).action(want, observation, { disturbed: new Set(disturbed) });
};

describe('package', () => {
  const want: Resource = { kind: 'package', manager: 'apt', stage, name: 'kmod' };
  it('is installed when dpkg does not have it installed', () => {
    expect(act(want, 'kmod installed\n')).toBeUndefined();
    for (const output of ['', 'kmod config-files\n', 'kmod2 installed\n', 'kmod not-installed\n'])
      expect(act(want, output)).toMatchObject({ verb: 'create' });
  });

  it('is queried with rpm, by what packages provide, if dnf installs it', () => {
    const box = sandbox();
    const byDnf: Resource[] = ['curl', 'kmod'].map((name) => ({ ...want, manager: 'dnf', name }));
    box.write(
      box.path('bin/rpm'),
      '#!/bin/sh\ncase "$*" in *--whatprovides*curl) ;; *) exit 1 ;; esac\n',
      0o755,
    );
    const { output } = box.run(`PATH=${box.path('bin')}:$PATH\n${handlerOf('package').query(byDnf)}`);
    const states = handlerOf('package').read(byDnf, output);
    expect(states.map(({ state }) => state)).toEqual(['present', 'absent']);
    expect(act(byDnf[1] as Resource, '')?.script).toBe('kb_dnf kmod');
    box.remove();
  });

  describe.each(shells)('with a service and its file, in %s', (shell) => {
    let box: Sandbox;
    let brings: Resource;
    /** Installs with a fake apt-get that writes the file and starts the service, or exits with `status`. */
    const install = (status = 0): number | null => {
      const [started, conf] = [box.path('started'), box.path('conf')];
      const lay = `[ ${status} = 0 ] || exit ${status}; : > ${started}; [ -e ${conf} ] || echo default > ${conf}`;
      box.write(box.path('bin/apt-get'), `#!/bin/sh\n${lay}\n`, 0o755);
      box.write(box.path('bin/systemctl'), `#!/bin/sh\n[ -e ${started} ] && echo active\n`, 0o755);
      return box.run(`PATH=${box.path('bin')}:$PATH\n${act(brings, '')?.script ?? ''}`).status;
    };
    beforeEach(() => {
      box = sandbox(shell);
      brings = { ...want, name: 'proxy', brings: { unit: 'proxy', files: [box.path('conf')] } };
    });
    afterEach(() => {
      box.remove();
    });

    it('leaves the path of the file free, and records the previous state for a reset', () => {
      expect(install()).toBe(0);
      expect(box.text(box.path('conf'))).toBeUndefined();
      expect(box.text(box.own('owned'))).toBe(`${box.path('conf')}\n`);
      expect(box.text(`${box.own('before')}${box.path('conf')}`)).toBe('default\n');
      expect(box.text(box.own('units/proxy'))?.trim()).toBe('');
    });

    it('does not change an existing file: the plan has seen it', () => {
      box.write(box.path('conf'), 'mine\n');
      expect(install()).toBe(0);
      expect(box.text(box.path('conf'))).toBe('mine\n');
      expect(box.text(box.own('owned'))).toBeUndefined();
    });

    it('fails when it cannot be installed', () => {
      expect(install(100)).toBe(100);
    });
  });
});

describe('module', () => {
  const want: Resource = { kind: 'module', stage, name: 'overlay', feature: '/sys/module/overlay' };
  it('is loaded if its feature is missing', () => {
    expect(act(want, 'br_netfilter\noverlay\n')).toBeUndefined();
    expect(act(want, 'overlayfs\n')?.script).toBe('modprobe -- overlay');
  });
  it.each(shells)('is present if its feature is, built in or loaded, in %s', (shell) => {
    const box = sandbox(shell);
    const here: Resource = { ...want, name: 'nosuchmodule', feature: box.root };
    expect(box.observe(here, { ...here, feature: box.path('none') })).toMatchObject([
      { state: 'present' },
      { state: 'present' },
    ]);
    expect(box.observe({ ...here, feature: box.path('none') })).toEqual([{ state: 'absent' }]);
    expect(box.observe({ ...here, name: 'proc', feature: '/none' })).toMatchObject([{ state: 'present' }]);
    box.remove();
  });
});

describe('sysctl', () => {
  const want: Resource = { kind: 'sysctl', stage, key: 'net.ipv4.ip_forward', value: '1', compare: 'equal' };
  const atLeast: Resource = {
    ...want,
    key: 'fs.inotify.max_user_watches',
    value: '8192',
    compare: 'at-least',
  };
  it('is set if its value differs, or is less than required', () => {
    expect(act(want, '/proc/sys/net/ipv4/ip_forward:1\n')).toBeUndefined();
    expect(act(want, '/proc/sys/net/ipv4/ip_forward:0\n')).toMatchObject({
      verb: 'update',
      reason: '1 (was 0)',
    });
    expect(act(want, '')?.reason).toBe('1 (appears with its kernel module)');
    expect(act(atLeast, '/proc/sys/fs/inotify/max_user_watches:100000\n')).toBeUndefined();
    expect(act(atLeast, '/proc/sys/fs/inotify/max_user_watches:10\n')).toBeDefined();
    expect(act(atLeast, '/proc/sys/fs/inotify/max_user_watches:\n')).toBeDefined();
  });
  it.each(shells)('reads this machine in %s', (shell) => {
    const box = sandbox(shell);
    const observed = box.observe({ ...want, key: 'kernel.pid_max' }, { ...want, key: 'kernel.no_such' });
    expect(observed).toMatchObject([
      { state: 'present', found: expect.stringMatching(/^\d+$/) as unknown },
      { state: 'absent' },
    ]);
    box.remove();
  });
});

describe('SELinux', () => {
  const want: Resource = { kind: 'selinux', stage };
  it.each([
    ['now Enforcing\nboot enforcing\nread\n', 'permissive, now and at boot'],
    ['now Enforcing\nboot permissive\nread\n', 'permissive now'],
    ['now Permissive\nboot enforcing\nread\n', 'permissive at boot'],
    ['now Permissive\nboot disabled\nread\n', undefined],
    ['now Disabled\nread\n', undefined],
  ])('%j: %s', (output, reason) => {
    expect(act(want, output)?.reason).toBe(reason);
  });

  it('is unknown if the output was truncated', () => {
    expect(seen(want, 'now Enforcing\n')?.state).toBe('unknown');
  });

  it.each(shells)('is not enforcing after its step, and is as before after a reset, in %s', (shell) => {
    const box = sandbox(shell, ['/etc/selinux']);
    const config = '# SELINUX=enforcing\nSELINUX=enforcing\nSELINUXTYPE=targeted\n';
    box.write(box.path('/etc/selinux/config'), config);
    box.write(box.path('mode'), 'Enforcing');
    box.write(box.path('bin/getenforce'), `#!/bin/sh\ncat ${box.path('mode')}\n`, 0o755);
    const set = `[ $1 = 1 ] && printf Enforcing > ${box.path('mode')} || printf Permissive > ${box.path('mode')}`;
    box.write(box.path('bin/setenforce'), `#!/bin/sh\n${set}\n`, 0o755);
    const withPath = (script: string): string => `PATH=${box.path('bin')}:$PATH\n${script}`;
    const observed = (): string => box.run(withPath(handlerOf('selinux').query([want]))).output;
    const action = act(want, observed());
    expect(box.run(withPath(action?.script ?? 'false')).status).toBe(0);
    expect(act(want, observed())).toBeUndefined();
    expect(box.text(box.path('/etc/selinux/config'))).toBe(
      config.replace('\nSELINUX=enforcing', '\nSELINUX=permissive'),
    );
    expect(box.run(withPath(restoreSELinux)).status).toBe(0);
    expect([box.text(box.path('mode')), box.text(box.path('/etc/selinux/config'))]).toEqual([
      'Enforcing',
      config,
    ]);
    box.remove();
  });
});

describe('unit', () => {
  const want: Resource = { kind: 'unit', stage, name: 'kubelet' };
  it('starts, restarts, is enabled or is left unchanged', () => {
    expect(act(want, '')).toMatchObject({ verb: 'create' });
    expect(act(want, 'unit kubelet active current enabled\n')).toBeUndefined();
    expect(act(want, 'unit kubelet active older enabled\n')).toMatchObject({ verb: 'restart' });
    expect(act(want, 'unit kubelet active current enabled\n', ['kubelet'])).toMatchObject({
      verb: 'restart',
    });
    expect(act(want, 'unit kubelet active current enabled\n', ['containerd'])).toBeUndefined();
    expect(act(want, 'unit kubelet active current disabled\n')).toMatchObject({
      verb: 'update',
      reason: 'enabled at boot',
    });
    for (const state of ['failed', 'inactive', 'activating'])
      expect(act(want, `unit kubelet ${state} current enabled\n`)).toMatchObject({ verb: 'create' });
  });
  it.each(shells)('is enabled by a link of a target, or if systemd says so, in %s', (shell) => {
    const box = sandbox(shell, ['/etc/systemd/system']);
    const asked = (): string => box.text(box.path('asked')) ?? '';
    box.write(
      box.path('bin/systemctl'),
      `#!/bin/sh
case $1 in
  show) printf 'ActiveState=active\nLoadState=loaded\n\nLoadState=not-found\nActiveState=inactive\n\nLoadState=loaded\nActiveState=failed\n' ;;
  is-enabled) echo "$2" >> ${box.path('asked')}; echo disabled; exit 1 ;;
esac\n`,
      0o755,
    );
    const wants = (['containerd', 'etcd', 'kubelet'] as const).map((name): Resource => ({
      kind: 'unit',
      stage,
      name,
    }));
    const found = (): unknown[] => {
      const { output } = box.run(`PATH=${box.path('bin')}:$PATH\n${handlerOf('unit').query(wants)}`);
      return handlerOf('unit')
        .read(wants, output)
        .map((each) => (each.state === 'present' ? each.found : each.state));
    };
    box.run(': > $KB/running/kubelet');
    const containerd = { enabled: false, active: true, current: false };
    const kubelet = { enabled: false, active: false, current: true };
    expect(found()).toEqual([containerd, 'absent', kubelet]);
    expect(asked()).toBe('containerd.service\nkubelet.service\n');
    const unit = '/etc/systemd/system/containerd.service';
    const wanted = '/etc/systemd/system/multi-user.target.wants';
    box.run(
      `mkdir -p ${wanted}; echo > ${unit}; ln -s ${unit} ${wanted}/containerd.service; rm ${box.path('asked')}`,
    );
    expect(found()).toEqual([{ ...containerd, enabled: true }, 'absent', kubelet]);
    expect(asked()).toBe('kubelet.service\n');
    // A mask hides the link.
    box.run(`ln -sf /dev/null ${unit}`);
    expect(found()).toEqual([containerd, 'absent', kubelet]);
    box.remove();
  });
  it('does not confuse units', () => {
    expect(act(want, 'unit kubelet2 active current enabled\n')).toMatchObject({ verb: 'create' });
  });
});

describe('image', () => {
  const refs = ['registry.k8s.io/pause:3.10', 'registry.k8s.io/etcd:3.6'];
  const pulled: Resource = { kind: 'image', stage: 'runtime', refs, artifact: null };
  const loaded: Resource = { ...pulled, artifact: artifact('tar') };
  const both = refs.map((ref) => `ref ${ref} type sha256:${'a'.repeat(64)} 1 MiB\n`).join('');
  it('is pulled when one reference is missing', () => {
    expect(act(pulled, both)).toBeUndefined();
    expect(act(pulled, `ref ${refs[0] ?? ''}\n`)).toMatchObject({ verb: 'update' });
    expect(act(pulled, '')).toMatchObject({ verb: 'create' });
    expect(act(pulled, 'ref registry.k8s.io/pause:3.1\n')).toMatchObject({ verb: 'create' });
  });
  it('is loaded if missing, or if it was loaded from another archive', () => {
    const stamp = /images\/([0-9a-f]{16})$/.exec(act(loaded, '')?.script ?? '')?.[1] ?? '';
    const pinned = both.replaceAll('ref ', 'pinned ');
    expect(act(loaded, pinned)).toMatchObject({ verb: 'update' });
    expect(act(loaded, `${pinned}stamp ${stamp} ${'0'.repeat(64)}\n`)).toMatchObject({ verb: 'update' });
    expect(act(loaded, `${pinned}stamp ${stamp} ${artifact('tar').sha256}\n`)).toBeUndefined();
    expect(act(loaded, `stamp ${stamp} ${artifact('tar').sha256}\n`)).toMatchObject({ verb: 'create' });
  });

  describe('from an archive', () => {
    const stamp = /images\/([0-9a-f]{16})$/.exec(act(loaded, '')?.script ?? '')?.[1] ?? '';
    const stamped = `stamp ${stamp} ${artifact('tar').sha256}\n`;
    it('is pinned; one that was pulled is not', () => {
      const action = act(loaded, `pinned ${refs[0] ?? ''}\nref ${refs[1] ?? ''}\n${stamped}`);
      expect(action).toMatchObject({ verb: 'update', reason: 'the kubelet keeps it when the disk fills' });
      expect(action?.script).not.toContain('import');
      expect(act(pulled, both)).toBeUndefined();
    });
    it('is pinned by its labels where digests are compared', () => {
      const held = { ...loaded, digests: { [refs[0] ?? '']: [`sha256:${'a'.repeat(64)}`] } };
      const list = (labels: string): string =>
        refs
          .map((ref) => `ref ${ref} type sha256:${'a'.repeat(64)} 1.2 MiB linux/amd64 ${labels}\n`)
          .join('');
      expect(act(held, `${list('a=b,io.cri-containerd.pinned=pinned')}${stamped}`)).toBeUndefined();
      for (const labels of ['-', 'io.cri-containerd.pinned=', 'xio.cri-containerd.pinned=pinned'])
        expect(act(held, `${list(labels)}${stamped}`)).toMatchObject({ verb: 'update' });
    });
    it.each(shells)('takes the pin from its other versions only, in %s', (shell) => {
      const box = sandbox(shell);
      const asked = box.path('asked');
      const seen = [...refs, 'registry.k8s.io/etcd:3.5', 'registry.k8s.io/pause-other:1', 'own/app:1'];
      box.write(
        box.path('bin/ctr'),
        `#!/bin/sh\ncase "$*" in *list*) printf '%s\\n' ${seen.join(' ')} ;; *) echo "$*" >> ${asked} ;; esac\n`,
        0o755,
      );
      const script = act(loaded, `${both}${stamped}`)?.script ?? '';
      const { status } = box.run(`PATH=${box.path('bin')}:$PATH\n${script}`);
      expect({ status, asked: box.text(asked) }).toEqual({
        status: 0,
        asked: [
          ...refs.map((ref) => `-n k8s.io images label ${ref} io.cri-containerd.pinned=pinned\n`),
          '-n k8s.io images label registry.k8s.io/etcd:3.5 io.cri-containerd.pinned=\n',
        ].join(''),
      });
      box.remove();
    });
    it.each(shells)('asks for all images only if one is not pinned, in %s', (shell) => {
      const box = sandbox(shell);
      const query = handlerOf('image').query([loaded], { deep: false });
      const ask = (pins: readonly string[]): string => {
        box.write(
          box.path('bin/ctr'),
          `#!/bin/sh\ncase "$*" in *pinned*) ${pins.map((ref) => `echo ${ref};`).join(' ')} true ;; *) echo one; echo two ;; esac\n`,
          0o755,
        );
        return box.run(`PATH=${box.path('bin')}:$PATH\n${query}\ntrue`).output;
      };
      expect(ask(refs)).toBe(refs.map((ref) => `pinned ${ref}\n`).join(''));
      expect(ask([`${refs[0] ?? ''}0`, refs[1] ?? ''])).toContain('ref one\nref two\n');
      expect(ask([])).toBe('ref one\nref two\n');
      box.remove();
    });
  });
});

describe('an image that is held to a digest', () => {
  const [ref, other] = ['registry.k8s.io/pause:3.10.2', 'registry.k8s.io/pause:3.10.20'];
  const [index, own, wrong] = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`) as [
    string,
    string,
    string,
  ];
  const pulled: Resource = {
    ...{ kind: 'image', stage: 'runtime', refs: [ref], artifact: null },
    digests: { [ref]: [index, own] },
  };
  const loaded: Resource = { ...pulled, artifact: artifact('tar') };
  /** As `ctr images list` prints it. */
  const list = (...entries: (readonly [string, string])[]): string =>
    entries
      .map(
        ([name, digest]) =>
          `ref ${name}  application/x ${digest} 1.2 MiB linux/amd64 io.cri-containerd.pinned=pinned\n`,
      )
      .join('');
  const stamp = /images\/([0-9a-f]{16})$/.exec(act(loaded, '')?.script ?? '')?.[1] ?? '';
  const stamped = `stamp ${stamp} ${artifact('tar').sha256}\n`;

  it('is right by the digest of the index, or of the manifest for the host', () => {
    for (const digest of [index, own]) {
      expect(act(pulled, list([ref, digest]))).toBeUndefined();
      expect(act(loaded, `${list([ref, digest])}${stamped}`)).toBeUndefined();
    }
  });

  it('is drift if another image has its tag, and is pulled by digest and tagged again', () => {
    const action = act(pulled, list([other, index], [ref, wrong]));
    expect(action).toMatchObject({
      verb: 'update',
      reason: `pulled from its registry by digest; has another image: ${ref} ${wrong}`,
      effects: [],
    });
    const exact = `registry.k8s.io/pause@${index}`;
    expect(action?.script).toBe(`crictl pull ${exact} && ctr -n k8s.io images tag --force ${exact} ${ref}`);
    expect(act(loaded, `${list([ref, wrong])}${stamped}`)?.reason).toContain(
      `has another image: ${ref} ${wrong}`,
    );
  });

  it.each(shells)('is not loaded from an archive with another image, in %s', (shell) => {
    const box = sandbox(shell);
    const script = act(loaded, '')?.script ?? '';
    const check = script.slice(script.indexOf('{ ctr'), script.indexOf(' && {\nctr'));
    const run = (digest: string): { status: number | null; asked: string | undefined } => {
      box.write(
        box.path('bin/ctr'),
        `#!/bin/sh\necho "$*" >> ${box.path('asked')}\necho '${ref} application/x ${digest} 1 MiB'\n`,
        0o755,
      );
      const { status } = box.run(`PATH=${box.path('bin')}:$PATH\n${check}`);
      return { status, asked: box.text(box.path('asked')) };
    };
    expect(run(own)).toEqual({ status: 0, asked: `-n k8s.io images list name==${ref}\n` });
    const refused = run(wrong);
    expect(refused.status).not.toBe(0);
    expect(refused.asked).toContain(`-n k8s.io images rm ${ref}\n`);
    box.remove();
  });
});

describe('resourceId', () => {
  it('is unique per resource', () => {
    expect(resourceId({ kind: 'unit', stage, name: 'etcd' })).toBe('unit etcd');
    expect(resourceId({ kind: 'static-pod', stage, name: 'etcd', text: '' })).toBe('static-pod etcd');
    expect(resourceId({ kind: 'swap', stage })).toBe('swap swap');
  });
});
