// npm run vagrant:up [-- INVENTORY FLAGS…]: `vagrant up`, then `kboot up` with the flags; without INVENTORY, inventories/vagrant.yaml.
// VAGRANT_DEFAULT_PROVIDER selects the provider.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const [first, ...rest] = process.argv.slice(2);
const isFile = first !== undefined && !first.startsWith('-');
const inventory = resolve(isFile ? first : join(root, 'inventories/vagrant.yaml'));
const flags = isFile || first === undefined ? rest : [first, ...rest];
const main = join(root, 'dist/main.js');

process.exitCode =
  (existsSync(main) ? 0 : run('npm', ['run', '--silent', 'build'], root)) ||
  run(process.execPath, [main, 'validate', inventory], root) ||
  run('vagrant', ['up'], join(root, 'vagrant')) ||
  run(process.execPath, [main, 'up', inventory, '--allow-hooks', ...flags], process.cwd());

/** kboot's variables may be passwords, which are not for others. */
function withoutSecrets() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^KBOOT_/i.test(name)));
}

/** Runs a program on this terminal and returns its exit status. */
function run(program, args, cwd) {
  const ended = spawnSync(program, args, {
    cwd,
    stdio: 'inherit',
    env: { ...(program === process.execPath ? process.env : withoutSecrets()), KBOOT_INVENTORY: inventory },
  });
  if (ended.error?.code === 'ENOENT')
    process.stderr.write(`${program} is not installed (Debian: apt-get install ${program}).\n`);
  return ended.status ?? 130;
}
