import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { doneScript, prepareScript, swapScript } from '../../src/desire/restore.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kboot-restore-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const places = (): Parameters<typeof swapScript>[0] => ({
  dataDir: join(dir, 'etcd'),
  id: 'abc',
  recordFile: join(dir, 'record'),
  source: 'digest',
  bump: 7,
});

/** Runs a script; no service is active. `only`: it is cut off after so many commands that change something. */
function run(script: string, only = Infinity): number | null {
  const counted = ['mv', 'mkdir', 'sync', 'rm']
    .map((name) => `${name}() { n=$((n + 1)); [ $n -le ${only} ] || kill -9 $$; command ${name} "$@"; }`)
    .join('\n');
  const shell = `n=0; systemctl() { return 1; }\n${only === Infinity ? '' : counted}\n${script}`;
  return spawnSync('sh', ['-c', shell]).status;
}

function hostWith(present: string | undefined): void {
  const { dataDir, recordFile } = places();
  mkdirSync(join(dataDir, 'restore/abc/member'), { recursive: true });
  writeFileSync(join(dataDir, 'restore/abc/member/db'), 'new');
  if (present !== undefined) {
    mkdirSync(join(dataDir, 'member'));
    writeFileSync(join(dataDir, 'member/db'), present);
  }
  writeFileSync(recordFile, 'abc digest 7 prepared\n');
}
const text = (path: string): string => readFileSync(join(dir, path), 'utf8');

describe('swapScript', () => {
  it.each([['with'], ['without']])('puts the new data in place, %s former data', (which) => {
    hostWith(which === 'with' ? 'old' : undefined);
    expect(run(swapScript(places(), true))).toBe(0);
    expect(text('etcd/member/db')).toBe('new');
    expect(existsSync(join(dir, 'etcd/former'))).toBe(which === 'with');
    if (which === 'with') expect(text('etcd/former/abc/member/db')).toBe('old');
    expect(text('record')).toBe('abc digest 7 restored\n');
  });

  it('has the same result after it was killed anywhere, and when it is run again', () => {
    for (let only = 0; only < 12; only++) {
      rmSync(join(dir, 'etcd'), { recursive: true, force: true });
      hostWith('old');
      run(swapScript(places(), true), only);
      // As if etcd had been started meanwhile, and had begun anew in the gap.
      if (!existsSync(join(dir, 'etcd/member'))) mkdirSync(join(dir, 'etcd/member'));
      expect(run(swapScript(places(), true)), `cut after ${only}`).toBe(0);
      expect(run(swapScript(places(), true))).toBe(0);
      expect(text('etcd/member/db')).toBe('new');
      expect(text('etcd/former/abc/member/db')).toBe('old');
      expect(text('record')).toBe('abc digest 7 restored\n');
    }
  });

  it.each([
    ['another restore', 'xyz digest 7 prepared\n'],
    ['one that is done', 'abc digest 7 done\n'],
    ['none', undefined],
  ])('touches nothing on a host with the record of %s', (_title, record) => {
    hostWith('old');
    if (record === undefined) rmSync(join(dir, 'record'));
    else writeFileSync(join(dir, 'record'), record);
    expect(run(swapScript(places(), true))).not.toBe(0);
    expect(text('etcd/member/db')).toBe('old');
  });

  it('touches nothing while etcd is running', () => {
    hostWith('old');
    expect(run(`systemctl() { return 0; }\n${swapScript(places(), true)}`)).not.toBe(0);
    expect(text('etcd/member/db')).toBe('old');
  });
});

describe('prepareScript', () => {
  const members = [
    { name: 'cp-1', peerURL: 'https://10.0.0.11:2380' },
    { name: 'cp-2', peerURL: 'https://10.0.0.12:2380' },
  ];
  const script = prepareScript(places0(), members, 'cp-2', {
    image: 'r/etcd:3.6.8-0',
  });

  function places0(): Parameters<typeof prepareScript>[0] {
    return { dataDir: '/d', id: 'abc', recordFile: '/r', source: 'digest', bump: 1_000_000_000 };
  }

  it('makes a cluster of its own, with a raised revision and everything before compacted', () => {
    expect(script).toContain(
      'etcdutl snapshot restore /restore/snapshot.db --data-dir /restore/abc --name cp-2 --initial-cluster cp-1=https://10.0.0.11:2380,cp-2=https://10.0.0.12:2380 --initial-advertise-peer-urls https://10.0.0.12:2380 --initial-cluster-token kboot-abc --bump-revision 1000000000 --mark-compacted',
    );
    expect(script).toContain('r/etcd:3.6.8-0 kboot-restore-abc');
  });

  it('records nothing if the data could not be made', () => {
    const { dataDir } = places();
    mkdirSync(join(dataDir, 'restore'), { recursive: true });
    const own = prepareScript(places(), members, 'cp-1', { image: 'i' });
    expect(run(`ctr() { return 1; }\n${own}`)).not.toBe(0);
    expect(existsSync(join(dir, 'record'))).toBe(false);
    const made = `ctr() { mkdir -p ${dataDir}/restore/abc/member/snap; : > ${dataDir}/restore/abc/member/snap/db; }`;
    expect(run(`${made}\n${own}`)).toBe(0);
    expect(text('record')).toBe('abc digest 7 prepared\n');
    expect(readdirSync(join(dataDir, 'restore'))).toEqual(['abc']);
    expect(run(doneScript(places()))).toBe(0);
    expect([text('record'), readdirSync(dataDir)]).toEqual(['abc digest 7 done\n', []]);
  });
});
