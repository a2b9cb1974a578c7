import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hostNames } from '../../src/app/host-names.ts';
import { completionOf } from '../../src/cli/complete.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { freshFolder } from './folder.ts';

const at = freshFolder();
const hosts = (...except: string[]): object => ({ hostsOf: 'a.yaml', except });

describe('candidates for a word', () => {
  it.each([
    ['u', 'usual'],
    ['up |', 'files'],
    ['up --yes |', 'files'],
    ['up --concurrency 5 |', 'files'],
    ['up --bundle |', 'files'],
    ['up a.yaml --plan p', 'files'],
    ['up a.yaml |', 'usual'],
    ['up a.yaml --st', 'usual'],
    ['up a.yaml --until |', 'usual'],
    ['up a.yaml --limit |', hosts()],
    ['up a.yaml --limit w-1 w', hosts('w-1')],
    ['reset --limit w-1 --yes a.yaml --limit |', hosts()],
    ['up --limit |', []],
    ['plan sh', ['show']],
    ['plan |', 'files'],
    ['plan show |', 'files'],
    ['bundle |', 'usual'],
    ['bundle index |', 'files'],
    ['bundle create dir --inventory |', 'files'],
    ['etcd |', 'usual'],
    ['etcd members |', 'files'],
    ['etcd defrag --force |', 'files'],
    ['etcd restore a.yaml |', 'files'],
    ['etcd restore a.yaml b.db --lost |', hosts()],
    ['init --control-plane a=1 |', 'files'],
    ['explain E-QUORUM |', 'usual'],
  ])('%s', (line, answer) => {
    expect(completionOf(line.replace('|', '').split(' '))).toEqual(answer);
  });

  it('error codes after explain', () => {
    expect(completionOf(['explain', 'E-'])).toContain('E-QUORUM');
  });

  it('names hosts of an incomplete inventory, and none of a missing one', () => {
    writeFileSync(
      at('half.yaml'),
      'spec:\n  nonsense: 1\n  hosts: [{name: a}, {roles: []}, {name: "${NO_SUCH_NAME}"}, 7, null, {name: b}]',
    );
    expect(hostNames(at('half.yaml'))).toEqual(expect.arrayContaining(['a', 'b']));
    writeFileSync(at('odd.yaml'), 'spec: null');
    for (const name of ['odd.yaml', 'none.yaml', '']) expect(hostNames(at(name))).toEqual([]);
  });
});

it('bash completes commands, flags, choices, hosts and files with the script that kboot prints', async () => {
  writeFileSync(at('prod.yaml'), inventoryWith());
  mkdirSync(at('folder'));
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const tsx = import.meta.resolve('tsx');
  const cases = [
    'ren',
    'up prod.yaml --sta',
    'up prod.yaml --until no',
    'up prod.yaml --until = no',
    'up prod.yaml --limit w',
    'up p',
  ];
  const script = `
    kboot() { ${process.execPath} --import ${tsx} ${main} "$@"; }
    source <(SHELL=/bin/bash kboot completion)
    complete -p kboot
    for line in ${cases.map((line) => `'${line}'`).join(' ')}; do
      COMP_WORDS=(kboot $line) COMP_CWORD=$(( $(wc -w <<< "$line") ))
      _kboot_yargs_completions
      echo "$line: \${COMPREPLY[*]}"
    done`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: at() });
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    // Without candidates, bash completes file names.
    'complete -o bashdefault -o default -F _kboot_yargs_completions kboot',
    'ren: render',
    'up prod.yaml --sta: --state --stats',
    ...[
      'up prod.yaml --until no: node',
      'up prod.yaml --until = no: node',
      'up prod.yaml --limit w: w-1',
      'up p:',
    ],
  ]);
});
