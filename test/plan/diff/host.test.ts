import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { KbootError } from '../../../src/model/error.ts';
import { diffablePath, withDiff } from '../../../src/plan/diff/text-diffs.ts';
import { diffHost, type HostChange } from '../../../src/plan/diff/host.ts';
import { targetText } from '../../../src/plan/target.ts';
import type { ShellStep } from '../../../src/plan/types.ts';
import type { FileResource, Observation, Resource } from '../../../src/resource/types.ts';
import { shellStep } from '../../samples/plan.ts';

const config: FileResource = {
  kind: 'file',
  stage: 'runtime',
  path: '/etc/containerd/config.toml',
  mode: '644',
  content: { kind: 'text', text: 'version = 3\nnew = true\nlast = 1\n' },
  readBy: ['containerd'],
};
const unit: Resource = { kind: 'unit', stage: 'runtime', name: 'containerd' };
const kubelet: Resource = { kind: 'unit', stage: 'node', name: 'kubelet' };
const current = { state: 'present', found: { enabled: true, active: true, current: true } } as const;
const file = (text: string): Observation<unknown> => ({
  state: 'present',
  found: { mode: '644', digest: sha256(text) },
});
const text = config.content.kind === 'text' ? config.content.text : '';

const diff = (
  seen: Readonly<Record<string, Observation<unknown>>>,
  resources: readonly Resource[] = [config, unit, kubelet],
): readonly HostChange<ShellStep>[] => diffHost('w-1', resources, new Map(Object.entries(seen)));

describe('diffHost', () => {
  it('runs a hook without `unless` if its stage has changes', () => {
    const hook = (name: string, stage: Resource['stage'], unless?: string): Resource => ({
      ...{ kind: 'hook', stage, name, when: 'before', run: 'true', environment: {}, timeoutSeconds: 20 },
      ...(unless !== undefined && { unless }),
    });
    const resources = [hook('first', 'runtime'), config, hook('other', 'node'), kubelet];
    const absent = { state: 'absent' } as const;
    const seen = {
      'hook first': absent,
      'hook other': absent,
      'hook state': absent,
      'unit kubelet': current,
    };
    const ids = (more: Readonly<Record<string, Observation<unknown>>>, of = resources): string[] =>
      diff({ ...seen, ...more }, of).map(({ step }) => targetText(step.target));
    const path = 'file /etc/containerd/config.toml';
    expect(ids({ [path]: file('') })).toEqual(['hook first', path]);
    expect(ids({ [path]: file(text) })).toEqual([]);
    expect(ids({ [path]: file(text) }, [...resources, hook('state', 'node', 'false')])).toEqual([
      'hook other',
      'hook state',
    ]);
  });

  it('has no steps in the desired state', () => {
    expect(
      diff({
        'file /etc/containerd/config.toml': file(text),
        'unit containerd': current,
        'unit kubelet': current,
      }),
    ).toEqual([]);
  });

  it('a changed file restarts the unit that reads it, and no other', () => {
    const steps = diff({
      'file /etc/containerd/config.toml': file('old'),
      'unit containerd': current,
      'unit kubelet': current,
    });
    expect(
      steps.map(({ host, stage, step: { id, type, verb, effects } }) => [
        host,
        stage,
        id,
        type,
        verb,
        effects,
      ]),
    ).toEqual([
      ['w-1', 'runtime', 'w-1: file /etc/containerd/config.toml', 'shell', 'update', []],
      [
        'w-1',
        'runtime',
        'w-1: unit containerd',
        'shell',
        'restart',
        [{ component: 'containerd', kind: 'restart' }],
      ],
    ]);
    expect(steps[0]?.step.expects).toEqual({ path: config.path, digest: sha256('old') });
  });

  it('a unit before the file is not restarted for it', () => {
    const seen = { 'file /etc/containerd/config.toml': file('old'), 'unit containerd': current };
    expect(diff(seen, [unit, config]).map(({ step }) => targetText(step.target))).toEqual([
      'file /etc/containerd/config.toml',
    ]);
  });

  it('keeps the order of the resources', () => {
    const absent = { state: 'absent' } as const;
    const seen = {
      'file /etc/containerd/config.toml': absent,
      'unit containerd': absent,
      'unit kubelet': absent,
    };
    expect(diff(seen).map(({ step }) => `${step.verb} ${targetText(step.target)}`)).toEqual([
      'create file /etc/containerd/config.toml',
      'create unit containerd',
      'create unit kubelet',
    ]);
  });

  it('does not act if a resource could not be read, even if all others could', () => {
    for (const seen of [
      { 'unit containerd': current },
      { 'file /etc/containerd/config.toml': { state: 'unknown', reason: 'EIO' } as const },
    ]) {
      const error = ((): unknown => {
        try {
          return diff(seen);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toBeInstanceOf(KbootError);
      expect(error).toMatchObject({
        code: 'E-PROBE',
        context: { host: 'w-1', step: 'file /etc/containerd/config.toml' },
      });
    }
  });
});

describe('withDiff', () => {
  const [change] = diff({
    'file /etc/containerd/config.toml': file('version = 3\nlast = 1\n'),
    'unit containerd': current,
    'unit kubelet': current,
  });
  if (change === undefined) throw new Error('a step');
  const { step } = change;

  it('shows the changes of a public text', () => {
    expect(diffablePath(step)).toBe('/etc/containerd/config.toml');
    const shown = withDiff(
      step,
      new Map([['/etc/containerd/config.toml', { text: 'version = 3\nlast = 1\n', isShown: false }]]),
    );
    expect(shown.diff).toMatchInlineSnapshot(`
      "--- /etc/containerd/config.toml
      +++ /etc/containerd/config.toml
      @@ -1,2 +1,3 @@
       version = 3
      +new = true
       last = 1"
    `);
    expect(withDiff(step, new Map())).toEqual(step);
  });

  it('shows no diff for a secret, a new file, or a step that writes no text', () => {
    const secret: FileResource = {
      ...config,
      content: { kind: 'secret', name: 'w-1:ca.crt', digest: sha256('x') },
    };
    const [secretStep] = diffHost(
      'w-1',
      [secret],
      new Map([['file /etc/containerd/config.toml', file('old')]]),
    );
    const [created] = diffHost(
      'w-1',
      [config],
      new Map([['file /etc/containerd/config.toml', { state: 'absent' } as const]]),
    );
    for (const each of [
      secretStep?.step,
      created?.step,
      shellStep('w-1', 'kubelet', { verb: 'update', target: { kind: 'unit', name: 'kubelet' } }),
    ]) {
      if (each === undefined) throw new Error('a step');
      expect(diffablePath(each)).toBeUndefined();
      expect(withDiff(each, new Map([['/etc/containerd/config.toml', { text: 'old', isShown: true }]]))).toBe(
        each,
      );
    }
  });
});
