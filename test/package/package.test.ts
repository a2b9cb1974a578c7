import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/bundling.ts';
import { buildPackage } from '../../scripts/package.ts';
import {
  installedPackages,
  shrinkwrapFile,
  writeShrinkwrap,
  type LockedPackage,
} from '../../scripts/shrinkwrap.ts';
import { runtimePackages } from '../../scripts/third-party.ts';
import { scriptName } from '../../src/start/script.ts';

/** Holds `source`, what is packed, and `site`, an empty folder into which the package was put. */
const folder = mkdtempSync(join(tmpdir(), 'kboot-package-'));
const site = join(folder, 'site');
const installed = join(site, 'node_modules/kboot');
const env = { PATH: process.env['PATH'], HOME: join(folder, 'home') };
let packed: readonly string[];
let metafile: Metafile;
let script: string;

beforeAll(async () => {
  const source = join(folder, 'source');
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of [
    'package.json',
    'README.md',
    'LICENSE',
    ...files.filter((each) => !/^!|dist/.test(each) && each !== shrinkwrapFile),
  ])
    cpSync(join(root, name), join(source, name), { recursive: true });
  writeShrinkwrap(source);
  metafile = await buildPackage(join(source, 'dist'));
  script = Object.keys(metafile.outputs).find((path) => path.endsWith(scriptName)) ?? '';
  for (const needed of [env.HOME, installed]) mkdirSync(needed, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--offline', '--pack-destination', folder];
  execFileSync('npm', pack, { cwd: source, env, stdio: 'ignore' });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  packed = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  for (const path of runtimePackages().filter((each) => existsSync(join(root, each)))) {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    // As with `npm ci --ignore-scripts`: nothing that an install script has built.
    cpSync(join(root, path), join(site, path), {
      recursive: true,
      filter: (file) => !/\/build(\/|$)|\.node$/.test(file.slice(root.length)),
    });
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The command as npm would link it, in a folder that holds nothing else. */
function kboot(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(installed, 'dist/main.js'), argv, {
    cwd: site,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const examples = 'node_modules/kboot/inventories';

describe('the package', () => {
  it('holds this and nothing else', () => {
    expect(readdirSync(installed)).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'events.schema.json',
      'inventories',
      'inventory.schema.json',
      'npm-shrinkwrap.json',
      'package.json',
      'plan.schema.json',
      'templates',
      'vagrant',
    ]);
    expect(readdirSync(join(installed, 'dist'))).toEqual([
      'THIRD-PARTY-NOTICES.txt',
      'almalinux-9.asc',
      'centos-9.asc',
      'checksums.json',
      'component-fields.json',
      'component-flags.json',
      'feature-gates.json',
      'image-digests.json',
      'kboot.cjs',
      'main.js',
      'ol-9.asc',
      'page.css',
      'page.js',
      'releases.json',
      'rocky-9.asc',
    ]);
    expect(packed.filter((path) => /\.(?:ts|map|test\.js)$/.test(path))).toEqual([]);
  });

  it('has no pictures: README shows them where the repository is', () => {
    expect(packed).toContain('docs/plans.md');
    expect(packed.filter((path) => /images|\.(?:svg|webp)$/.test(path))).toEqual([]);
  });

  it('needs only ssh2 of npm, for its native part', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies)).toEqual(['ssh2']);
    expect(readdirSync(join(site, 'node_modules'))).not.toContain('yaml');
  });

  it('states version and checksum of all that npm installs with it, and nothing else', () => {
    const { packages, ...head } = JSON.parse(readFileSync(join(installed, shrinkwrapFile), 'utf8')) as {
      packages: Record<string, LockedPackage>;
    };
    const { '': own, ...others } = packages;
    expect(head).toMatchObject({ name: 'kboot', lockfileVersion: 3, requires: true });
    expect(own).toMatchObject({ dependencies: { ssh2: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string } });
    expect(own).not.toHaveProperty('devDependencies');
    expect(Object.keys(others)).toEqual(expect.arrayContaining(['node_modules/ssh2', 'node_modules/asn1']));
    expect(Object.keys(others)).not.toContain('node_modules/yaml');
    for (const [path, { integrity, dev }] of Object.entries(others))
      expect([path, integrity, dev]).toEqual([path, expect.stringMatching(/^sha512-/), undefined]);
  });

  it('needs no install script: those that exist build what is optional, and this test runs without', () => {
    const scripted = Object.entries(installedPackages()).filter(
      ([, { hasInstallScript }]) => hasInstallScript,
    );
    expect(scripted.map(([path]) => path)).toEqual(['node_modules/cpu-features', 'node_modules/ssh2']);
    const { scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
    const native = readdirSync(join(site, 'node_modules'), { recursive: true, encoding: 'utf8' });
    expect(native.filter((name) => name.endsWith('.node') || name.startsWith('cpu-features'))).toEqual([]);
  });

  it('npm makes the list when it packs, and removes it: in the repository it would override package-lock.json', () => {
    const { scripts, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      files: string[];
    };
    expect(scripts).toMatchObject({
      prepack: 'node --import tsx scripts/shrinkwrap.ts',
      postpack: 'node --import tsx scripts/shrinkwrap.ts --remove',
    });
    expect(files).toContain(shrinkwrapFile);
    expect(existsSync(join(root, shrinkwrapFile))).toBe(false);
  });

  it('requires nothing that Node or npm does not bring: what is not of Node is optional, and is not there', () => {
    const required = [...new Set(metafile.outputs[script]?.imports.map(({ path }) => path))];
    expect(required.length).toBeGreaterThan(30);
    expect(required.filter((name) => !isBuiltin(name))).toEqual([
      'cpu-features',
      'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node',
    ]);
  });
});

describe('the command of the package', () => {
  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(kboot('version')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`kboot ${version}\n`) as string,
    });
  });

  it('writes what is not ASCII as it is in the sources', () => {
    const command = `'${join(installed, 'dist/main.js')}' version > /dev/full`;
    const { stderr } = spawnSync('sh', ['-c', command], { cwd: site, env, encoding: 'utf8' });
    expect(stderr).toMatch(/^✗ The output cannot be written/);
  });

  it.each(['inventory', 'plan'])('prints the schema of the %s', (subject) => {
    const { status, stdout } = kboot('schema', subject);
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      JSON.parse(readFileSync(join(root, `${subject}.schema.json`), 'utf8')),
    ]);
  });

  it('validates an example, plans it, and draws the plan', () => {
    expect(kboot('validate', `${examples}/ha.yaml`)).toMatchObject({ status: 0, stderr: '' });
    const plan = kboot('plan', `${examples}/ha.yaml`, '--offline', '--html', 'plan.html');
    expect(plan.status).toBe(0);
    expect(plan.stdout).toMatch(/^Plan: \d+ steps on 5 hosts/m);
    expect(readFileSync(join(site, 'plan.html'), 'utf8')).toContain('<style>');
  });

  it('renders, with a template of the user', () => {
    const text = readFileSync(join(installed, 'templates/containerd/crictl.yaml.hbs'), 'utf8');
    mkdirSync(join(site, 'own/containerd'), { recursive: true });
    writeOwn('own/containerd/crictl.yaml.hbs', `# ours\n${text}`);
    const inventory = readFileSync(join(site, examples, 'single.yaml'), 'utf8').replace(
      /^spec:$/m,
      'spec:\n  templates: ./own',
    );
    writeOwn('own.yaml', inventory);
    expect(kboot('render', 'own.yaml', '--out', 'tree')).toMatchObject({ status: 0 });
    expect(readFileSync(join(site, 'tree/cp-1/etc/crictl.yaml'), 'utf8')).toMatch(/^# ours\n/);
    expect(existsSync(join(site, 'tree/cp-1/etc/kubernetes/manifests/etcd.yaml'))).toBe(true);
  });

  it('speaks SSH', () => {
    writeOwn(
      'nobody.yaml',
      JSON.stringify({
        apiVersion: 'kboot.dev/v1',
        kind: 'Cluster',
        metadata: { name: 'nobody' },
        spec: {
          kubernetesVersion: 'v1.36.2',
          ssh: { port: 9 },
          hosts: [
            { name: 'cp-1', roles: ['control-plane'], address: '10.0.0.11', ssh: { address: '127.0.0.1' } },
          ],
        },
      }),
    );
    const { status, stderr } = kboot('plan', 'nobody.yaml');
    expect([status, stderr]).toEqual([4, expect.stringContaining('127.0.0.1:9 refused the connection')]);
  });
});

function writeOwn(name: string, text: string): void {
  writeFileSync(join(site, name), text);
}
