import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { consentAs } from '../../src/app/consent.ts';
import { readInventory } from '../../src/app/read-inventory.ts';
import { groundOf } from '../../src/app/saved/basis.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { groundChanges, type Ground } from '../../src/plan/saved/basis.ts';
import { kboot } from '../cli/run.ts';
import { freshFolder } from '../cli/folder.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { failure } from '../transport/failure.ts';

const at = freshFolder();
const hosts = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.0.0.11', ssh: null },
  { name: 'w-1', roles: ['worker'], address: '10.0.0.21' },
];

/** An inventory beside a program that prints its hosts, and what it is to do besides. */
function inventory(
  script = `cat <<'END'\n${JSON.stringify(hosts)}\nEND`,
  source = '[./hosts.sh, "a b"]',
): string {
  mkdirSync(at('repo'), { recursive: true });
  writeFileSync(at('repo/hosts.sh'), `#!/bin/sh\necho run >> runs\n${script}\n`);
  chmodSync(at('repo/hosts.sh'), 0o755);
  const text = inventoryWith().replace(
    / {2}hosts:[\s\S]*/,
    `  hostsFrom: { command: ${source}, timeoutSeconds: 2 }\n`,
  );
  writeFileSync(at('repo/prod.yaml'), text);
  return at('repo/prod.yaml');
}
const runs = (): number =>
  existsSync(at('repo/runs')) ? readFileSync(at('repo/runs'), 'utf8').split('\n').length - 1 : 0;

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', at('config'));
  consentAs({ always: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  consentAs({ always: false });
});

describe('spec.hostsFrom.command', () => {
  it("runs once, beside the inventory, without kboot's own variables", async () => {
    vi.stubEnv('KBOOT_SUDO_PASSWORD', 'hunter2');
    const script =
      'printf \'%s|%s|%s\' "$1" "${KBOOT_SUDO_PASSWORD-none}" "$KBOOT_INVENTORY" > seen\ncat <<END\n' +
      `${JSON.stringify(hosts)}\nEND`;
    const read = await readInventory(inventory(script));
    expect(read.cluster.hosts.map(({ name }) => name)).toEqual(['cp-1', 'w-1']);
    expect(read.at('v1.35.6').cluster.hosts).toEqual(read.cluster.hosts);
    expect(readFileSync(at('repo/seen'), 'utf8')).toBe(`a b|none|${at('repo/prod.yaml')}`);
    expect(runs()).toBe(1);
  });

  it.each([
    [
      'ends with an error',
      'echo one >&2; echo "no login" >&2; exit 3',
      'ended with status 3: one / no login',
    ],
    ['does not end', 'trap "" TERM; while :; do sleep 1; done', 'did not end within 2 s'],
    ['ends itself', 'kill -KILL $$', 'was ended by a signal'],
    ['never stops printing', 'yes', 'printed more than 16 MiB'],
  ])(
    'that %s is one problem at its place',
    async (_what, script, problem) => {
      const { code, message } = await failure(readInventory(inventory(script)));
      expect(code).toBe('E-INVENTORY');
      expect(message).toMatch(/^\S+prod\.yaml:6:25: spec\.hostsFrom\.command \.\/hosts\.sh 'a b' /);
      expect(message).toContain(problem);
      expect(message.split('\n')).toHaveLength(1);
    },
    30_000,
  );

  it('that is not there is one problem', async () => {
    const { message } = await failure(readInventory(inventory('', '[kboot-has-no-such-program]')));
    expect(message).toMatch(/spec\.hostsFrom\.command kboot-has-no-such-program ended with status 127/);
  });

  it('is words, not shell', async () => {
    const file = inventory('', `[echo, '[]; touch ${at('hacked')}', '$(touch ${at('hacked')})']`);
    expect((await failure(readInventory(file))).message).toContain('stdout of echo');
    expect(existsSync(at('hacked'))).toBe(false);
  });
});

describe('consent to spec.hostsFrom.command', () => {
  it.each([
    [['validate']],
    [['render', '--out', 'OUT']],
    [['plan', '--offline']],
    [['up', '--yes']],
    [['kubeconfig']],
    [['state', 'show']],
    [['unlock']],
  ])('kboot %j does not run it by itself', async ([verb = '', ...flags]) => {
    const words = verb === 'state' ? ['show', inventory()] : [inventory(), ...flags];
    const { error } = await kboot(verb, ...words.map((word) => word.replace('OUT', at('out'))));
    expect(error).toMatchObject({ code: 'E-CONSENT' });
    expect(runs()).toBe(0);
  });

  it('--allow-hooks runs it, and says so', async () => {
    const { err, out, error } = await kboot('validate', inventory(), '--allow-hooks');
    expect(error).toBeUndefined();
    expect(err).toContain("spec.hostsFrom: runs ./hosts.sh 'a b'");
    expect(out).toContain('2 hosts');
  });

  it('is remembered until the command or the program changes', async () => {
    const asked: string[] = [];
    consentAs({
      always: false,
      ask: (_file, commands) => {
        asked.push(commands.map(({ text }) => text).join());
        return Promise.resolve(true);
      },
    });
    await readInventory(inventory());
    await readInventory(inventory());
    expect(asked).toEqual([
      expect.stringMatching(/^\.\/hosts\.sh 'a b'\n# \.\/hosts\.sh, sha256 [0-9a-f]{64}$/),
    ]);
    await readInventory(inventory(`echo '${JSON.stringify(hosts)}'`));
    expect(asked).toHaveLength(2);
    await readInventory(inventory(`echo '${JSON.stringify(hosts)}'`, '[./hosts.sh]'));
    expect(asked).toHaveLength(3);
  });
});

describe('a plan of these hosts', () => {
  it('says where they come from', async () => {
    const plan = await kboot('plan', inventory(), '--allow-hooks', '--offline');
    expect(plan.error).toBeUndefined();
    expect(plan.out).toContain("from ./hosts.sh 'a b'");
  });

  it('that was saved is stale once the command lists others', async () => {
    const ground = async (list: unknown): Promise<Ground> => {
      const file = inventory(`cat <<'END'\n${JSON.stringify(list)}\nEND`);
      return groundOf(await openWorkspace({ inventory: file }));
    };
    const was = await ground(hosts);
    expect(groundChanges(was, await ground(hosts))).toEqual([]);
    const moved = await ground([hosts[0], { ...hosts[1], address: '10.0.0.22' }]);
    expect(groundChanges(was, moved)).toContainEqual(
      expect.objectContaining({ what: 'hosts[w-1].address', was: '"10.0.0.21"', now: '"10.0.0.22"' }),
    );
  });
});
