import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObsoleteResource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

describe.each(shells)('files of a field that is gone, in %s', (shell) => {
  let box: Sandbox;
  const want = (...keep: string[]): ObsoleteResource => ({
    kind: 'obsolete',
    stage: 'runtime',
    name: 'registries',
    patterns: [box.path('certs.d/*/hosts.toml'), box.path('certs.d/*/kboot-*.crt')],
    keep,
    marked: true,
    readBy: ['containerd'],
  });
  const hosts = (registry: string): string => box.path('certs.d', registry, 'hosts.toml');
  const own = (path: string, text = '# Written by kboot\n'): void => {
    box.run(`mkdir -p -m 755 ${path.replace(/[^/]*$/, '')}; kb_own ${path}`);
    box.write(path, text);
  };
  beforeEach(() => {
    box = sandbox(shell);
    box.run(':');
  });
  afterEach(() => {
    box.remove();
  });

  it('are deleted with their folder, and no longer owned; others stay', () => {
    own(hosts('gone.example'));
    own(box.path('certs.d/gone.example/kboot-ca.crt'), 'PEM');
    own(hosts('kept.example:5000'));
    const action = box.plan(want(hosts('kept.example:5000')));
    expect(action).toMatchObject({ verb: 'delete', disturbs: ['containerd'] });
    box.run(': > $KB/running/containerd');
    expect(box.apply(action).status).toBe(0);
    expect(box.text(hosts('gone.example'))).toBeUndefined();
    expect(box.run(`ls ${box.path('certs.d')}`).output).toBe('kept.example:5000\n');
    expect(box.text(box.own('owned'))).toBe(`${hosts('kept.example:5000')}\n`);
    expect(box.text(box.own('running/containerd'))).toBeUndefined();
    expect(box.plan(want(hosts('kept.example:5000')))).toBeUndefined();
  });

  it('what kboot replaced comes back', () => {
    box.write(hosts('r.example'), 'before');
    own(hosts('r.example'));
    expect(box.apply(box.plan(want())).status).toBe(0);
    expect(box.text(hosts('r.example'))).toBe('before');
    expect(box.plan(want())).toBeUndefined();
  });

  it("a file of the operator's stays, written by hand or through spec.files", () => {
    box.write(hosts('hand.example'), '# Written by kboot\n');
    own(hosts('files.example'), 'server = "https://files.example"\n');
    expect(box.plan(want())).toBeUndefined();
  });
});
