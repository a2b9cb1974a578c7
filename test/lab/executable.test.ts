import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeSite, stepLines } from './kboot.ts';
import type { KbootEvent, Site } from './kboot.ts';
import { createLab } from './lab.ts';

/* `npm run sea`: kboot as one file, run without node_modules and the repository. */

const root = join(import.meta.dirname, '../..');
const hosts = [{ name: 'one', address: '10.79.43.11', roles: ['control-plane'] }];

let site: Site;
let folder: string;

beforeAll(async () => {
  const lab = await createLab({ name: 'executable', hosts });
  site = await makeSite(lab, 'executable', hosts);
  folder = join(site.dir, 'alone');
  mkdirSync(folder);
  const make = ['run', '--silent', 'sea', '--', join(folder, 'kboot')];
  execFileSync('npm', make, { cwd: root, stdio: 'ignore' });
  await cp(join(root, 'inventories/ha.yaml'), join(folder, 'ha.yaml'));
});

afterAll(() => site.close());

/** Runs the executable in its folder, in the lab's network. */
function kboot(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  const [file = '', ...args] = site.lab.inside([join(folder, 'kboot'), ...argv]);
  const env = { PATH: process.env['PATH'], HOME: folder, KBOOT_KNOWN_HOSTS: site.lab.knownHosts };
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('it prints its version and plans without hosts, as text and as a page', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(kboot('version')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`kboot ${version}\n`) as string,
  });
  const plan = kboot('plan', 'ha.yaml', '--offline', '--html', 'plan.html');
  expect([plan.status, plan.stderr]).toEqual([0, expect.stringContaining('page plan.html')]);
  expect(plan.stdout).toMatch(/^Plan: \d+ steps on 5 hosts/m);
  expect(readFileSync(join(folder, 'plan.html'), 'utf8')).toContain('<style>');
});

test('it renders with a template of the user', async () => {
  await cp(
    join(root, 'templates/containerd/crictl.yaml.hbs'),
    join(folder, 'own/containerd/crictl.yaml.hbs'),
  );
  const inventory = await site.write('own', { spec: { templates: join(folder, 'own') } });
  const { status, stderr } = kboot('render', inventory, '--out', 'tree');
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/^\d+ files with secrets were left out .*\n$/);
  expect(readFileSync(join(folder, 'tree/one/etc/crictl.yaml'), 'utf8')).toContain('containerd.sock');
});

test('it plans a host over SSH like the package', async () => {
  const packaged = await site.kboot('plan', ['-o', 'json']);
  const { status, stdout, stderr } = kboot('plan', site.inventory, '-o', 'json');
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as KbootEvent);
  expect([status, packaged.exitCode, stderr]).toEqual([0, 0, packaged.stderr]);
  const steps = stepLines({ exitCode: status, stdout, stderr, events });
  expect(steps.length).toBeGreaterThan(30);
  expect(steps).toEqual(stepLines(packaged));
});
