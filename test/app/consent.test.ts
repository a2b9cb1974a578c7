import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { consentAs, mayRunCommands, planningCommands } from '../../src/app/consent.ts';
import { readInventory } from '../../src/app/read-inventory.ts';
import { kboot } from '../cli/run.ts';
import { freshFolder } from '../cli/folder.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { failure } from '../transport/failure.ts';

const at = freshFolder();
const unless = (command: string, more = 'on: operator'): string =>
  `hooks: [{name: tidy, before: host, ${more}, run: 'true', unless: ${JSON.stringify(command)}}]`;
const inventory = (lines: readonly string[]): string => {
  const file = at('mine.yaml');
  const nowhere = (port: number): string => `ssh: {address: 127.0.0.1, port: ${port}}`;
  const text = inventoryWith(lines, ['address: 10.0.0.21', nowhere(9)]);
  writeFileSync(file, text.replace('address: 10.0.0.11}', `address: 10.0.0.11, ${nowhere(10)}}`));
  return file;
};

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', at('config'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  consentAs({ always: false });
});

describe('commands of an inventory that run while planning', () => {
  it.each([[['plan']], [['drift']], [['up', '--yes']], [['up']], [['plan', '--out', 'p.json']]])(
    'kboot %j runs none by itself',
    async ([verb = '', ...flags]) => {
      const file = inventory([unless(`touch ${at('ran')}`)]);
      const shown = flags.map((flag) => (flag === 'p.json' ? at(flag) : flag));
      await kboot(verb, file, ...shown);
      expect(existsSync(at('ran'))).toBe(false);
    },
  );

  it('--allow-hooks runs them', async () => {
    await kboot('plan', inventory([unless(`touch ${at('ran')}`)]), '--allow-hooks');
    expect(existsSync(at('ran'))).toBe(true);
  });

  it('are all those that run on hosts or here, in full', async () => {
    writeFileSync(at('Vagrantfile'), 'x');
    const file = at('mine.yaml');
    writeFileSync(file, inventoryWith([unless('one\n  two', 'roles: [worker]'), 'ssh: {vagrant: .}']));
    expect(planningCommands((await readInventory(file)).cluster)).toEqual([
      { kind: 'unless', hosts: ['w-1'], what: 'unless of hook tidy', text: 'one\n  two' },
      {
        kind: 'vagrant',
        hosts: undefined,
        what: 'Vagrant, which runs a Vagrantfile',
        text: expect.stringMatching(/^vagrant ssh-config # .*\/Vagrantfile, sha256 [0-9a-f]{64}$/) as string,
      },
    ]);
  });
});

describe('the answer of a person', () => {
  const asked: string[] = [];
  const answer = (yes: boolean): void => {
    asked.length = 0;
    consentAs({
      always: false,
      ask: (_file, commands) => {
        asked.push(commands.map(({ text }) => text).join());
        return Promise.resolve(yes);
      },
    });
  };
  const may = async (file: string): Promise<boolean> =>
    await mayRunCommands(file, (await readInventory(file)).cluster);

  it('is remembered for exactly these commands of this inventory, and only yes', async () => {
    answer(false);
    const file = inventory([unless('true')]);
    expect([await may(file), await may(file)]).toEqual([false, false]);
    expect(asked).toEqual(['true', 'true']);
    answer(true);
    expect([await may(file), await may(file)]).toEqual([true, true]);
    expect(asked).toEqual(['true']);
    expect(statSync(at('config/kboot/trusted')).mode & 0o777).toBe(0o600);
    answer(false);
    expect(await may(inventory([unless('false')]))).toBe(false);
    expect(await may(inventory([unless('true', 'roles: [worker]')]))).toBe(false);
    expect(await may(inventory([unless('true')]))).toBe(true);
    writeFileSync(at('other.yaml'), readFileSync(file));
    expect(await may(at('other.yaml'))).toBe(false);
    expect(asked).toEqual(['false', 'true', 'true']);
  });

  it('for Vagrant holds until its Vagrantfile changes', async () => {
    writeFileSync(at('Vagrantfile'), 'one');
    const file = at('mine.yaml');
    writeFileSync(file, inventoryWith(['ssh: {vagrant: .}']));
    answer(true);
    expect(await may(file)).toBe(true);
    answer(false);
    expect(await may(file)).toBe(true);
    writeFileSync(at('Vagrantfile'), 'two');
    expect(await may(file)).toBe(false);
  });

  it('is asked once per run, and not if there is nothing to run', async () => {
    answer(true);
    const { cluster } = await readInventory(inventory([unless('true')]));
    await Promise.all([1, 2, 3].map(() => mayRunCommands(at('mine.yaml'), cluster)));
    expect(asked).toHaveLength(1);
    answer(false);
    expect(await may(inventory(["hooks: [{name: x, before: host, run: 'true'}]"]))).toBe(true);
    expect(asked).toEqual([]);
  });

  it('is not taken from a file that others can change', async () => {
    answer(true);
    const file = inventory([unless('true')]);
    await may(file);
    chmodSync(at('config/kboot/trusted'), 0o666);
    expect(await failure(may(file))).toMatchObject({ code: 'E-USAGE' });
  });
});
